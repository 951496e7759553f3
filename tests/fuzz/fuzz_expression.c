// Fuzz target: the form of users' expressions, which the scheduler looks at. Any text is taken or
// refused with a message.
// SPDX-License-Identifier: Apache-2.0
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/rules/expression_syntax.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    struct assay_error err = {0};
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const int code = assay_expression_syntax(text, &err);
    if (code != ASSAY_OK && (code != ASSAY_INVALID || !err.text[0]))
        abort();
    free(text);
    return 0;
}
