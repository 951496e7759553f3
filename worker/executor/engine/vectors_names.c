// Vectors: a name of its own for each field, and the SQL expression of a field.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "common/base/memory.h"
#include "common/json/json.h"
#include "worker/executor/engine/vectors_internal.h"

/* Names may meet: a column `a.b` beside the child b of a struct a. The later one gets a number. */
static int number_name(struct assay_field *field, const json_t *taken, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf unique = {0};
    for (unsigned n = 2; !unique.size || json_object_get(taken, unique.data); n++) {
        assay_buf_clear(&unique);
        assay_buf_printf(&unique, "%s_%u", field->name, n);
        ASSAY_TRY(assay_buf_check(&unique, err));
    }
    char *name = assay_strdup(unique.data);
    if (!name)
        return assay_fail_memory(err);
    assay_free(field->name);
    field->name = name;
    return ASSAY_OK;
}

int assay_vectors_name_fields(struct assay_vectors *vectors, struct assay_error *err)
{
    ASSAY_AUTO(assay_json_decref) json_t *taken = json_object();
    for (size_t i = 0; i < vectors->schema.count; i++) {
        struct assay_field *field = &vectors->schema.fields[i];
        const json_t *other = json_object_get(taken, field->name);
        if (json_is_false(other) && !field->projected) /* the engine sees no difference either */
            return assay_fail(err, ASSAY_UNSUPPORTED,
                              "two columns are named `%s` up to a NUL: write it again with other "
                              "names",
                              field->name);
        if (other)
            ASSAY_TRY(number_name(field, taken, err));
        if (json_object_set_new_nocheck(taken, field->name, json_boolean(field->projected)))
            return assay_fail_memory(err);
    }
    return ASSAY_OK;
}

/* --- expressions --- */

/* What the steps [from, to) lead to from `base`. Below a list, a child is that of each element. */
static void write_steps(const struct assay_vector_field *field, unsigned from, unsigned to,
                        const char *base, struct assay_buf *sql)
{
    char element[32];
    unsigned list = from;
    while (to > from && field->steps[to - 1] == ASSAY_STEP_LIST) /* the list itself */
        to--;
    while (list < to && field->steps[list] != ASSAY_STEP_LIST)
        list++;
    if (from == to) {
        assay_buf_text(sql, base);
    } else if (list < to) {
        (void)snprintf(element, sizeof element, "_assay_e%u", list);
        assay_buf_text(sql, "list_transform(");
        write_steps(field, from, list, base, sql);
        assay_buf_printf(sql, ", lambda %s: ", element);
        write_steps(field, list + 1, to, element, sql);
        assay_buf_char(sql, ')');
    } else {
        assay_buf_text(sql, "struct_extract_at(");
        write_steps(field, from, to - 1, base, sql);
        assay_buf_printf(sql, ", %u)", field->steps[to - 1] + 1);
    }
}

void assay_vectors_append_field(const struct assay_vectors *vectors, size_t index,
                                struct assay_buf *sql)
{
    const struct assay_vector_field *field = &vectors->fields[index];
    write_steps(field, 0, field->steps_count, assay_buf_str(&vectors->columns[field->column].sql),
                sql);
}
