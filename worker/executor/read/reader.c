// Reader: dispatch to the implementation, and the list of rejected records.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/read/reader.h"

#include <string.h>

#include "common/base/buf.h"
#include "common/base/memory.h"
#include "common/base/utf8.h"

static void rejection_release(struct assay_rejection *item)
{
    assay_free(item->reason);
    assay_free(item->raw);
}

void assay_rejections_release(struct assay_rejections *rejections)
{
    if (!rejections)
        return;
    for (size_t i = 0; i < rejections->kept; i++)
        rejection_release(&rejections->items[i]);
    assay_free(rejections->items);
    *rejections = (struct assay_rejections){0};
}

static bool room(struct assay_rejections *rejections)
{
    if (!rejections->items)
        rejections->items = assay_calloc(ASSAY_REJECTIONS_KEPT, sizeof *rejections->items);
    return rejections->items;
}

static char *safe_copy(const char *raw, size_t size_bytes)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    assay_utf8_append_safe(&text, raw, assay_utf8_cut(raw, size_bytes, ASSAY_RAW_BYTES));
    for (size_t i = 0; i < text.size; i++) /* a NUL would end the text */
        if (!text.data[i])
            text.data[i] = ' ';
    return text.size || text.failed ? assay_buf_take(&text) : assay_strdup("");
}

bool assay_rejections_add(struct assay_rejections *rejections, uint32_t file, uint64_t line,
                          uint64_t byte_offset, const char *raw, size_t raw_bytes,
                          const char *reason_format, ...)
{
    rejections->count++;
    if (rejections->kept == ASSAY_REJECTIONS_KEPT)
        return true;
    if (!room(rejections))
        return false;
    ASSAY_SCOPED(assay_buf_release) struct assay_buf reason = {0};
    va_list args;
    va_start(args, reason_format);
    assay_buf_vprintf(&reason, reason_format, args);
    va_end(args);
    struct assay_rejection item = {.file = file, .line = line, .byte_offset = byte_offset};
    item.reason = assay_buf_take(&reason);
    item.raw = safe_copy(raw, raw_bytes);
    if (!item.reason || !item.raw) {
        rejection_release(&item);
        return false;
    }
    rejections->items[rejections->kept++] = item;
    return true;
}

bool assay_rejections_merge(struct assay_rejections *rejections, struct assay_rejections *from,
                            uint64_t line_shift)
{
    rejections->count += from->count;
    const bool done = !from->kept || room(rejections);
    for (size_t i = 0; done && i < from->kept && rejections->kept < ASSAY_REJECTIONS_KEPT; i++) {
        struct assay_rejection *item = &rejections->items[rejections->kept++];
        *item = from->items[i];
        item->line += line_shift;
        from->items[i] = (struct assay_rejection){0};
    }
    assay_rejections_release(from);
    return done;
}

int assay_reader_next(struct assay_reader *reader, const struct assay_batch **ret_batch,
                      struct assay_error *err)
{
    if (reader->cancelled && atomic_load_explicit(reader->cancelled, memory_order_relaxed))
        return assay_fail(err, ASSAY_CANCELLED, "reading was cancelled");
    return reader->ops->next(reader, ret_batch, err);
}

void assay_reader_close(struct assay_reader *reader)
{
    if (!reader)
        return;
    assay_schema_release(&reader->schema);
    assay_rejections_release(&reader->rejections);
    reader->ops->close(reader);
}
