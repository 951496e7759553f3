// Names: words of fields and containers, and what they say about each other.
// SPDX-License-Identifier: Apache-2.0
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "common/base/buf.h"
#include "common/relate/names.h"

static void expect_words(const struct assay_words *words, const char *wanted)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    for (size_t i = 0; i < words->count; i++)
        assay_buf_printf(&text, "%s%s", i ? " " : "", words->words[i]);
    assert_string_equal(assay_buf_str(&text), wanted);
}

/* One form for singular and plural, whichever it is. */
static void words(void **unused)
{
    (void)unused;
    static const struct {
        const char *name, *field, *container;
    } cases[] = {
        {"customer_id", "customer id", "customer id"},
        {"CustomerID", "customer id", "customer id"},
        {"IATACode", "iata cod", "iata cod"},
        {"movies", "movi", "movi"},
        {"movie", "movi", "movi"},
        {"categories", "categori", "categori"},
        {"category", "categori", "categori"},
        {"addresses", "addres", "addres"},
        {"address", "addres", "addres"},
        {"statuses", "status", "status"},
        {"keys", "key", "key"},
        {"orders.csv", "order csv", "order"},
        {"data/2024/orders_*.csv.gz", "data 2024 order csv gz", "order"},
        {"public.order_lines", "public order lin", "order lin"},
        {"dim_customer", "dim customer", "customer"},
        {"orders_2024_01.parquet", "order 2024 01 parquet", "order"},
        {"", "", ""},
        {"...", "", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_arena arena = {0};
        struct assay_words found;
        assert_true(assay_words_of_field(cases[i].name, &arena, &found));
        expect_words(&found, cases[i].field);
        assert_true(assay_words_of_container(cases[i].name, &arena, &found));
        expect_words(&found, cases[i].container);
        assay_arena_release(&arena);
    }
}

static void matches(void **unused)
{
    (void)unused;
    static const struct {
        const char *field, *key, *container;
        bool same;
        enum assay_names wanted;
    } cases[] = {
        {"customer_id", "id", "customers.csv", false, ASSAY_NAMES_WHOLE},
        {"CustomerId", "customer_id", "customer", false, ASSAY_NAMES_WHOLE},
        {"bill_to_customer_id", "id", "customers", false, ASSAY_NAMES_WHOLE},
        {"order_date", "date", "dim_date", false, ASSAY_NAMES_WHOLE},
        {"order_line_id", "id", "order_lines", false, ASSAY_NAMES_WHOLE},
        {"customer_code", "id", "customers", false, ASSAY_NAMES_EQUAL},
        {"customer", "id", "customers", false, ASSAY_NAMES_EQUAL},
        {"customer_id", "customer_id", "clients", false, ASSAY_NAMES_EQUAL},
        {"iata", "iata", "airports", false, ASSAY_NAMES_EQUAL},
        {"origin_airport", "iata", "airports", false, ASSAY_NAMES_PART},
        {"origin_iata", "iata", "airports", false, ASSAY_NAMES_PART},
        {"customer_id", "id", "customers_archive", false, ASSAY_NAMES_SHARE},
        {"manager_id", "id", "employees", true, ASSAY_NAMES_SHARE},
        {"parent", "node_id", "nodes", true, ASSAY_NAMES_SHARE},
        {"ReportsTo", "EmployeeID", "employees", true, ASSAY_NAMES_SHARE},
        {"o_custkey", "c_custkey", "customer", false, ASSAY_NAMES_SHARE},
        /* what does not end as a reference is none */
        {"customer_age", "id", "customers", false, ASSAY_NAMES_NONE},
        {"product_quantity", "id", "products", false, ASSAY_NAMES_NONE},
        {"quantity", "id", "products", false, ASSAY_NAMES_NONE},
        {"manager_id", "id", "customers", false, ASSAY_NAMES_NONE},
        {"age", "id", "employees", true, ASSAY_NAMES_NONE},
        /* words that say nothing */
        {"id", "id", "orders", false, ASSAY_NAMES_NONE},
        {"date", "date", "weather", false, ASSAY_NAMES_NONE},
        {"origin", "iata", "airports", false, ASSAY_NAMES_NONE},
        {"", "", "", false, ASSAY_NAMES_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_arena arena = {0};
        struct assay_words field, key, container;
        assert_true(assay_words_of_field(cases[i].field, &arena, &field));
        assert_true(assay_words_of_field(cases[i].key, &arena, &key));
        assert_true(assay_words_of_container(cases[i].container, &arena, &container));
        const enum assay_names got = assay_names_match(&field, &key, &container, cases[i].same);
        if (got != cases[i].wanted)
            fail_msg("%s → %s.%s: %d, not %d", cases[i].field, cases[i].container, cases[i].key,
                     got, cases[i].wanted);
        assay_arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words), cmocka_unit_test(matches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
