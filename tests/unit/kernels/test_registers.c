// Registers of a field folded to fewer: as if they had been counted so, whatever the layout.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "tests/unit/kernels/kernel_fixture.h"

#define PRECISION 11
#define REGISTERS (1u << PRECISION)
#define MOST      40000

/* P. Flajolet et al. (2007): the first bits name the register, the place of the first one bit of
 * the rest is the rank. */
static void raise_plainly(uint64_t hash, uint8_t *registers)
{
    unsigned rank = 1;
    for (uint64_t rest = hash << PRECISION; rank <= 64 - PRECISION && !(rest >> 63); rest <<= 1)
        rank++;
    uint8_t *reg = &registers[hash >> (64 - PRECISION)];
    *reg = rank > *reg ? (uint8_t)rank : *reg;
}

static void expect(const struct whole *whole, size_t shards, const uint8_t *wanted)
{
    uint8_t registers[REGISTERS];
    ASSAY_AUTO(assay_field_state_free)
    struct assay_field_state *state = count_sharded(whole, shards, shards > 2);
    assert_int_equal(assay_field_state_registers(state, PRECISION, registers, NULL), ASSAY_OK);
    assert_memory_equal(registers, wanted, REGISTERS);
    assert_int_equal(assay_field_state_thin(state, NULL), ASSAY_OK);
    assert_int_equal(assay_field_state_registers(state, PRECISION, registers, NULL), ASSAY_OK);
    assert_memory_equal(registers, wanted, REGISTERS);
}

/* Few values are in the table, many in a sketch; narrow and wide integers and decimals without
 * fraction are the same numbers. */
static void integers(void **unused)
{
    (void)unused;
    static const size_t counts[] = {0, 1, 19, 4096, 4097, MOST};
    static int64_t narrow[MOST];
    static assay_i128 wide[MOST];
    for (size_t i = 0; i < MOST; i++)
        wide[i] = narrow[i] = i % 2 ? -(int64_t)i * 7919 : (int64_t)i * 104729;
    for (size_t c = 0; c < ASSAY_COUNT(counts); c++) {
        uint8_t wanted[REGISTERS] = {0};
        for (size_t i = 0; i < counts[c]; i++)
            raise_plainly(assay_hash_int(narrow[i]), wanted);
        const struct whole columns[] = {
            {.layout = ASSAY_LAYOUT_INT64, .value_bytes = 8, .values = narrow},
            {.layout = ASSAY_LAYOUT_DECIMAL64, .value_bytes = 8, .values = narrow},
            {.layout = ASSAY_LAYOUT_INT128, .value_bytes = 16, .values = wide},
            {.layout = ASSAY_LAYOUT_DECIMAL128, .value_bytes = 16, .values = wide}};
        for (size_t i = 0; i < ASSAY_COUNT(columns); i++) {
            struct whole column = columns[i];
            column.rows = counts[c];
            expect(&column, 1, wanted);
            expect(&column, 3, wanted);
        }
    }
}

static void texts(void **unused)
{
    (void)unused;
    static char bytes[MOST / 4][12];
    static struct assay_text values[MOST / 4];
    uint8_t wanted[REGISTERS] = {0};
    for (size_t i = 0; i < ASSAY_COUNT(values); i++) {
        (void)snprintf(bytes[i], sizeof bytes[i], "0%zu", i);
        values[i] = text_of(bytes[i]);
        raise_plainly(assay_hash_text(bytes[i], strlen(bytes[i])), wanted);
    }
    const struct whole whole = {.layout = ASSAY_LAYOUT_TEXT,
                                .value_bytes = sizeof(struct assay_text),
                                .values = values,
                                .rows = ASSAY_COUNT(values)};
    expect(&whole, 1, wanted);
    expect(&whole, 2, wanted);
}

/* What is no 64-bit number has a hash of its own. */
static void beyond_words(void **unused)
{
    (void)unused;
    const assay_i128 values[] = {INT64_MAX, (assay_i128)INT64_MAX + 1, INT64_MIN,
                                 (assay_i128)INT64_MIN - 1};
    uint64_t hashes[ASSAY_COUNT(values)];
    assay_hash_wides(values, ASSAY_COUNT(values), hashes);
    assert_int_equal(hashes[0], assay_hash_int(INT64_MAX));
    assert_int_equal(hashes[2], assay_hash_int(INT64_MIN));
    assert_int_not_equal(hashes[1], assay_hash_int(INT64_MIN));
    assert_int_not_equal(hashes[3], assay_hash_int(INT64_MAX));
}

static void uncounted(void **unused)
{
    (void)unused;
    struct assay_error err = {0};
    uint8_t registers[REGISTERS];
    const struct assay_field_plan plan = {.layout = ASSAY_LAYOUT_INT64,
                                          .leave_out = ASSAY_LEAVE_DISTINCT};
    ASSAY_AUTO(assay_field_state_free) struct assay_field_state *state = state_of(&plan);
    assert_int_equal(assay_field_state_registers(state, PRECISION, registers, &err), ASSAY_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(integers), cmocka_unit_test(texts),
                                       cmocka_unit_test(beyond_words), cmocka_unit_test(uncounted)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
