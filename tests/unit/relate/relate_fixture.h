/* What the tests of relations share: containers made of values. Hashes are SplitMix64's: any good
 * one will do, as only equal values must have equal ones. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_TESTS_RELATE_FIXTURE_H
#define ASSAY_TESTS_RELATE_FIXTURE_H

// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "common/relate/relate.h"
#include "common/relate/sketch.h"

static inline uint64_t hash_of(uint64_t value)
{
    uint64_t z = (value + 1) * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static inline void raise_register(uint64_t hash, uint8_t *registers)
{
    const unsigned index = (unsigned)(hash >> 53);
    const unsigned rank = (unsigned)__builtin_clzll(hash << 11 | 1 << 10) + 1;
    if (rank > registers[index])
        registers[index] = (uint8_t)rank;
}

/* Values first, first + step, …; `count` of them. */
struct values {
    const char *name, *type, *shape; /* shape NULL for all but String */
    int64_t first, step, count;
    bool repeated;      /* each twice */
    bool nulls;         /* as many besides */
    const char *digest; /* NULL = none */
    const char *prefix; /* of texts that are numbers behind it; NULL = they are none */
};

static inline json_t *sketch_of(const struct values *values)
{
    uint8_t registers[ASSAY_SKETCH_REGISTERS] = {0};
    for (int64_t i = 0; i < values->count; i++)
        raise_register(hash_of((uint64_t)(values->first + i * values->step)), registers);
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_sketch_registers_append(&text, registers);
    json_t *sketch =
        json_pack("{s:s, s:s, s:I, s:I, s:b, s:s*, s:s}", "field", values->name, "type",
                  values->type, "distinct", (json_int_t)values->count, "values",
                  (json_int_t)(values->repeated ? 2 * values->count : values->count), "unique",
                  !values->repeated, "shape", values->shape, "registers", assay_buf_str(&text));
    if (!values->shape) {
        const int64_t last = values->first + (values->count - 1) * values->step;
        json_object_set_new(sketch, "min", json_integer(values->first));
        json_object_set_new(sketch, "max", json_integer(last));
    }
    if (values->prefix) {
        const double last = (double)(values->first + (values->count - 1) * values->step);
        json_object_set_new(sketch, "code",
                            json_pack("{s:s, s:f, s:f}", "prefix", values->prefix, "first",
                                      (double)values->first, "last", last));
    }
    assert_non_null(sketch);
    return sketch;
}

#define FIELDS_MOST 5

struct made {
    const char *name;
    struct values fields[FIELDS_MOST]; /* until one without a name */
    int64_t datastore;
};

/* Records are as many as the values of the first field, or twice that with nulls. */
static inline json_t *container_of(const struct made *made)
{
    json_t *fields = json_array(), *sketches = json_array();
    int64_t records = 0;
    for (size_t i = 0; i < FIELDS_MOST && made->fields[i].name; i++) {
        const struct values *values = &made->fields[i];
        const int64_t own = values->count * (1 + values->repeated) * (1 + values->nulls);
        records = own > records ? own : records;
        json_array_append_new(fields, json_pack("{s:s, s:s, s:s*}", "name", values->name, "type",
                                                values->type, "digest", values->digest));
        json_array_append_new(sketches, sketch_of(values));
    }
    return json_pack("{s:s, s:I, s:{s:i, s:I, s:o, s:o}}", "name", made->name, "datastore",
                     (json_int_t)made->datastore, "sketches", "v", ASSAY_RELATE_VERSION, "records",
                     (json_int_t)records, "fields", fields, "sketches", sketches);
}

/* "orders.csv.customer_id existsIn customers.csv.id; …" */
static inline void describe(const json_t *containers, const json_t *candidates,
                            struct assay_buf *text)
{
    for (size_t i = 0; i < json_array_size(candidates); i++) {
        const json_t *candidate = json_array_get(candidates, i);
        const json_t *check = json_object_get(candidate, "check");
        const json_t *of = json_array_get(containers, (size_t)assay_json_int(candidate, "of", -1));
        const json_t *ref =
            json_array_get(containers, (size_t)assay_json_int(candidate, "ref", -1));
        assay_buf_printf(text, "%s%s.", i ? "; " : "", assay_json_str(of, "name", "?"));
        const json_t *fields = json_object_get(check, "fields");
        for (size_t j = 0; j < json_array_size(fields); j++)
            assay_buf_printf(text, "%s%s", j ? "," : "",
                             json_string_value(json_array_get(fields, j)));
        assay_buf_printf(text, " %s %s", assay_json_str(check, "rule", "?"),
                         assay_json_str(ref, "name", "?"));
        const char *key = assay_json_str(json_object_get(check, "properties"), "field_name", NULL);
        if (key)
            assay_buf_printf(text, ".%s", key);
    }
}

#endif
