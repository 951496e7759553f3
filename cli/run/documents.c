// The documents that a command writes of one run.
// SPDX-License-Identifier: Apache-2.0
#include "cli/run/documents.h"

#include <string.h>
#include <unistd.h>

#include "cli/report/json_out.h"
#include "cli/report/output.h"

int assay_documents_probe(const struct assay_documents *documents, const struct assay_args *args,
                          struct assay_error *err)
{
    const char *text, *path;
    char format[16];
    for (size_t i = 0; (text = assay_args_nth(args, "report", i)); i++)
        ASSAY_TRY(assay_output_split(text, documents->formats, format, &path, err));
    return ASSAY_OK;
}

static int write_one(const struct assay_documents *documents, const json_t *document,
                     const char *format, const char *path, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    if (strcmp(format, "json") == 0) {
        ASSAY_TRY(assay_json_append_pretty(document, &text, err));
    } else {
        const struct assay_style style = assay_style_of(path ? -1 : STDOUT_FILENO);
        ASSAY_TRY(documents->append(document, format, &style, &text, err));
    }
    return assay_output_write(path, &text, err);
}

int assay_documents_write(const struct assay_documents *documents, const struct assay_args *args,
                          const char *path, const json_t *document, struct assay_error *err)
{
    const char *given = assay_args_text(args, "format");
    ASSAY_TRY(write_one(documents, document, given ? given : "text", path, err));
    const char *text;
    char format[16];
    for (size_t i = 0; (text = assay_args_nth(args, "report", i)); i++) {
        ASSAY_TRY(assay_output_split(text, documents->formats, format, &path, err));
        ASSAY_TRY(write_one(documents, document, format, path, err));
    }
    return ASSAY_OK;
}
