// Registers: text, containment and its chance, unions; shapes of patterns.
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/relate/relate_fixture.h"

#include <math.h>

static void fill(uint8_t *registers, uint64_t from, uint64_t to)
{
    memset(registers, 0, ASSAY_SKETCH_REGISTERS);
    for (uint64_t i = from; i < to; i++)
        raise_register(hash_of(i), registers);
}

/* Four registers are three bytes of base64: 1, 2, 3, 54 is 0x0420F6. */
static void text(void **unused)
{
    (void)unused;
    uint8_t registers[ASSAY_SKETCH_REGISTERS] = {1, 2, 3, 54}, back[ASSAY_SKETCH_REGISTERS];
    ASSAY_SCOPED(assay_buf_release) struct assay_buf buf = {0};
    assay_sketch_registers_append(&buf, registers);
    assert_int_equal(buf.size, ASSAY_SKETCH_REGISTERS);
    assert_memory_equal(buf.data, "BCD2AAAA", 8);
    assert_true(assay_sketch_registers_parse(buf.data, buf.size, back));
    assert_memory_equal(registers, back, sizeof back);
    assert_false(assay_sketch_registers_parse(buf.data, buf.size - 1, back));
    assert_false(assay_sketch_registers_parse(NULL, 0, back));
    buf.data[7] = '3'; /* a rank of 55 */
    assert_false(assay_sketch_registers_parse(buf.data, buf.size, back));
    buf.data[7] = '=';
    assert_false(assay_sketch_registers_parse(buf.data, buf.size, back));
}

static void containment(void **unused)
{
    (void)unused;
    uint8_t few[ASSAY_SKETCH_REGISTERS], many[ASSAY_SKETCH_REGISTERS],
        others[ASSAY_SKETCH_REGISTERS];
    fill(few, 100, 400);
    fill(many, 0, 5000);
    fill(others, 5000, 5300);
    assert_true(assay_sketch_contained(few, many));
    assert_false(assay_sketch_contained(many, few));
    assert_false(assay_sketch_contained(others, many));
}

static void codes(void **unused)
{
    (void)unused;
    static const struct {
        const char *first, *last;
        bool is_code;
        size_t prefix_bytes;
        double from, to;
    } cases[] = {
        {"C-00017", "C-99940", true, 2, 17, 99940},
        {"00017", "99940", true, 0, 17, 99940},
        {"C-00017", "D-99940", false, 0, 0, 0}, /* E-… may lie between */
        {"C-0A017", "C-99940", false, 0, 0, 0}, /* letters among the digits */
        {"AB", "CD", false, 0, 0, 0},
        {"X000000000000001", "X999999999999999", true, 1, 1, 999999999999999},
        {"0000000000000001", "9999999999999999", false, 0, 0, 0}, /* beyond a double */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_sketch_code code = {0};
        if (assay_sketch_code_of(cases[i].first, cases[i].last, strlen(cases[i].first), &code) !=
                cases[i].is_code ||
            code.prefix_bytes != cases[i].prefix_bytes || code.first != cases[i].from ||
            code.last != cases[i].to)
            fail_msg("%s … %s: %zu, %f … %f", cases[i].first, cases[i].last, code.prefix_bytes,
                     code.first, code.last);
    }
}

/* The chance is that of unrelated values: of 400 such sets of each size as many are contained. */
static void chance(void **unused)
{
    (void)unused;
    static const unsigned sizes[] = {1, 3, 10, 30};
    uint8_t key[ASSAY_SKETCH_REGISTERS], set[ASSAY_SKETCH_REGISTERS];
    fill(key, 0, 20000);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        unsigned contained = 0;
        for (unsigned round = 0; round < 400; round++) {
            const uint64_t from = 1000000 + round * 1000;
            fill(set, from, from + sizes[s]);
            contained += assay_sketch_contained(set, key);
        }
        const double stated = assay_sketch_chance(sizes[s], key);
        assert_true(fabs(contained / 400.0 - stated) <
                    4 * sqrt(stated * (1 - stated) / 400) + 0.01);
    }
}

static void unions(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t from, to, other_from, other_to, wanted;
    } cases[] = {
        {0, 100, 100, 200, 200},
        {0, 1000, 500, 1500, 1500},
        {0, 50000, 50000, 100000, 100000},
        {0, 50000, 0, 50000, 50000},
        {0, 0, 0, 0, 0},
    };
    uint8_t a[ASSAY_SKETCH_REGISTERS], b[ASSAY_SKETCH_REGISTERS];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fill(a, cases[i].from, cases[i].to);
        fill(b, cases[i].other_from, cases[i].other_to);
        const double wanted = (double)cases[i].wanted;
        assert_true(fabs(assay_sketch_union(a, b) - wanted) <= 3 * 0.023 * wanted);
    }
}

static void shapes(void **unused)
{
    (void)unused;
    static const struct {
        const char *pattern, *shape;
    } cases[] = {
        {"", ""},
        {"A{3}", "A"},
        {"A{2}-9{4}", "A-9"},
        {"9{2}a9a{3}-9a{3}", "x-x"},
        {"9{8}-9{4}", "9-9"},
        {"Aa{4} Aa{6}", "Aa Aa"},
        {"a{5}.a{3}@a{7}.a{3}", "a.a@a.a"},
        {"A9{6}", "x"},
        {"{9}", "{9}"},
        {"-{2}9", "-9"},
        {"\xC3\x9F", "\xC3\x9F"},
    };
    char shape[ASSAY_SKETCH_SHAPE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(assay_sketch_shape(cases[i].pattern, shape));
        assert_string_equal(shape, cases[i].shape);
    }
    char dots[ASSAY_SKETCH_SHAPE + 1];
    memset(dots, '.', sizeof dots);
    dots[ASSAY_SKETCH_SHAPE] = '\0';
    assert_false(assay_sketch_shape(dots, shape));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(codes),       cmocka_unit_test(text),
                                       cmocka_unit_test(containment), cmocka_unit_test(chance),
                                       cmocka_unit_test(unions),      cmocka_unit_test(shapes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
