// Fuzz target: checks files. Any bytes are refused with a message or give checks that can be
// written and read back.
// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "common/rules/check_file.h"
#include "common/rules/check_validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void without_lines(json_t *checks)
{
    for (size_t i = 0; i < json_array_size(checks); i++)
        json_object_del(json_array_get(checks, i), "line");
}

static void round_trip(struct assay_check_file *file)
{
    struct assay_buf text = {0};
    struct assay_check_file again = {0};
    struct assay_error err = {0};
    if (assay_check_file_write(file->checks, ASSAY_CHECK_YAML, &text, &err) != ASSAY_OK ||
        assay_check_file_parse(assay_buf_str(&text), text.size, "again", &again, &err) != ASSAY_OK)
        abort();
    without_lines(file->checks);
    without_lines(again.checks);
    if (!json_equal(file->checks, again.checks))
        abort();
    assay_check_file_release(&again);
    assay_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_check_file file = {0};
    struct assay_error err = {0};
    const int code = assay_check_file_parse((const char *)data, size, "fuzz", &file, &err);
    if (code != ASSAY_OK && !err.text[0])
        abort();
    for (size_t i = 0; i < json_array_size(file.checks); i++)
        if (!assay_check_uid(json_array_get(file.checks, i), "fuzz"))
            abort();
    if (code == ASSAY_OK && json_array_size(file.checks))
        round_trip(&file);
    assay_check_file_release(&file);
    return 0;
}
