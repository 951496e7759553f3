// Reading the files of a container one after the other, as one table.
// SPDX-License-Identifier: Apache-2.0
#include "common/base/memory.h"
#include "worker/executor/connect/file_set.h"

/* One file, or a range of one. */
struct part {
    uint32_t file;
    uint64_t begin, end;
};

struct chain {
    struct assay_reader base; /* its schema: the projected fields */
    const struct assay_file_set *set;
    struct part *parts;
    size_t parts_count, next_part;
    struct assay_reader *inner; /* of parts[next_part - 1]; NULL between parts */
    uint64_t rows_before;       /* delivered by the parts before */
    uint64_t bytes_before, lines_before;
    const char **wanted; /* what the inner reader is asked for */
    ptrdiff_t *source;   /* per field: its column of the inner batch, -1 = the file lacks it */
    struct assay_column *columns;
    struct assay_cell *no_cells; /* ASSAY_BATCH_ROWS cells that are NULL */
    struct assay_batch batch;
};

/* Which columns the file can give, and where they come out. */
static size_t choose_columns(struct chain *chain, const struct assay_set_file *file)
{
    const struct assay_schema *schema = &chain->base.schema;
    size_t count = 0;
    for (size_t i = 0; i < schema->count; i++) {
        chain->source[i] = -1;
        const char *name = schema->fields[i].name;
        if (chain->set->family == ASSAY_FAMILY_JSON) {
            chain->source[i] = (ptrdiff_t)count;
            chain->wanted[count++] = name;
            continue;
        }
        const ptrdiff_t at = assay_schema_find(&file->head->schema, name);
        if (at >= 0) {
            chain->source[i] = (ptrdiff_t)count;
            chain->wanted[count++] = file->head->schema.fields[at].name;
        }
    }
    return count;
}

static int open_csv_part(struct chain *chain, const struct part *part, struct assay_error *err)
{
    const struct assay_set_file *file = &chain->set->files[part->file];
    const size_t count = choose_columns(chain, file);
    const struct assay_csv_part csv = {chain->wanted, count, part->begin, part->end, part->file};
    struct assay_source *source = NULL;
    ASSAY_TRY(assay_source_open(file->path, file->head->encoding, &source, err));
    return assay_csv_reader_open(source, file->head, NULL, &csv, &chain->inner, err);
}

static int open_json_part(struct chain *chain, const struct part *part, struct assay_error *err)
{
    const struct assay_set_file *file = &chain->set->files[part->file];
    const struct assay_json_part json = {chain->wanted, choose_columns(chain, file), part->begin,
                                         part->end, part->file};
    struct assay_source *source = NULL;
    ASSAY_TRY(assay_source_open(file->path, assay_json_str(chain->set->options, "encoding", NULL),
                                &source, err));
    return assay_json_reader_open(source, chain->set->json, chain->set->options, &json,
                                  &chain->inner, err);
}

static int open_part(struct chain *chain, struct assay_error *err)
{
    const struct part *part = &chain->parts[chain->next_part++];
    const int rc = chain->set->family == ASSAY_FAMILY_CSV ? open_csv_part(chain, part, err)
                                                          : open_json_part(chain, part, err);
    if (rc != ASSAY_OK)
        return rc;
    chain->inner->cancelled = chain->base.cancelled;
    return ASSAY_OK;
}

/* What a part had to report goes over to the chain. */
static int close_part(struct chain *chain, struct assay_error *err)
{
    struct assay_reader *inner = chain->inner;
    if (!assay_rejections_merge(&chain->base.rejections, &inner->rejections, 0))
        return assay_fail_memory(err);
    if (inner->warnings) {
        if (!chain->base.warnings && !(chain->base.warnings = json_array()))
            return assay_fail_memory(err);
        if (json_array_extend(chain->base.warnings, inner->warnings))
            return assay_fail_memory(err);
    }
    chain->rows_before += inner->records_read;
    if (chain->set->family == ASSAY_FAMILY_CSV)
        chain->base.stop = assay_csv_reader_stop(inner);
    chain->bytes_before += inner->bytes_read;
    chain->lines_before += inner->lines_read;
    assay_reader_close(ASSAY_TAKE(chain->inner));
    return ASSAY_OK;
}

static void map_batch(struct chain *chain, const struct assay_batch *inner)
{
    for (size_t i = 0; i < chain->base.schema.count; i++)
        chain->columns[i] =
            chain->source[i] >= 0
                ? inner->columns[chain->source[i]]
                : (struct assay_column){.layout = chain->base.schema.fields[i].layout,
                                        .values = chain->no_cells};
    chain->batch = *inner;
    chain->batch.columns = chain->columns;
    chain->batch.columns_count = chain->base.schema.count;
    chain->batch.first_row = chain->rows_before + inner->first_row;
    chain->batch.file = chain->parts[chain->next_part - 1].file;
}

static int chain_next(struct assay_reader *reader, const struct assay_batch **ret_batch,
                      struct assay_error *err)
{
    struct chain *chain = (struct chain *)reader;
    for (;;) {
        if (!chain->inner) {
            if (chain->next_part == chain->parts_count) {
                *ret_batch = NULL;
                return ASSAY_OK;
            }
            const int rc = open_part(chain, err);
            if (rc != ASSAY_OK)
                return assay_context(
                    err, rc, "reading %s",
                    chain->set->files[chain->parts[chain->next_part - 1].file].shown);
        }
        const struct assay_batch *batch = NULL;
        const int rc = assay_reader_next(chain->inner, &batch, err);
        reader->bytes_read = chain->bytes_before + chain->inner->bytes_read;
        reader->lines_read = chain->lines_before + chain->inner->lines_read;
        if (rc != ASSAY_OK)
            return assay_context(err, rc, "reading %s",
                                 chain->set->files[chain->parts[chain->next_part - 1].file].shown);
        if (batch) {
            map_batch(chain, batch);
            reader->records_read += batch->rows;
            *ret_batch = &chain->batch;
            return ASSAY_OK;
        }
        ASSAY_TRY(close_part(chain, err));
    }
}

static void chain_close(struct assay_reader *reader)
{
    struct chain *chain = (struct chain *)reader;
    assay_reader_close(chain->inner);
    json_decref(reader->warnings);
    assay_free(chain->parts);
    assay_free(chain->wanted);
    assay_free(chain->source);
    assay_free(chain->columns);
    assay_free(chain->no_cells);
    assay_free(chain);
}

static const struct assay_reader_ops chain_ops = {chain_next, chain_close};

static int add_field(struct chain *chain, const struct assay_field *field, struct assay_error *err)
{
    struct assay_field *copy = assay_schema_add(&chain->base.schema, field->name,
                                                field->native_type, field->type, field->layout);
    if (!copy)
        return assay_fail_memory(err);
    copy->nullable = true;
    copy->projected = field->projected;
    return ASSAY_OK;
}

static int project(struct chain *chain, const char *const *fields, size_t fields_count,
                   struct assay_error *err)
{
    const struct assay_schema *schema = &chain->set->schema;
    for (size_t i = 0; !fields && i < schema->count; i++)
        ASSAY_TRY(add_field(chain, &schema->fields[i], err));
    for (size_t i = 0; fields && i < fields_count; i++) {
        const ptrdiff_t at = assay_schema_find(schema, fields[i]);
        if (at < 0)
            return assay_fail(err, ASSAY_NOT_FOUND, "%s has no field %s",
                              chain->set->files[0].shown, fields[i]);
        ASSAY_TRY(add_field(chain, &schema->fields[at], err));
    }
    return ASSAY_OK;
}

static int take_bounds(struct chain *chain, const json_t *bounds, struct assay_error *err)
{
    const json_t *parts = bounds ? json_object_get(bounds, "parts") : NULL;
    chain->parts_count = parts ? json_array_size(parts) : chain->set->count;
    chain->parts = assay_calloc(chain->parts_count + 1, sizeof *chain->parts);
    if (!chain->parts)
        return assay_fail_memory(err);
    for (size_t i = 0; i < chain->parts_count; i++) {
        json_int_t file = (json_int_t)i, begin = 0, end = 0;
        if (parts && (json_unpack(json_array_get(parts, i), "[I, I, I]", &file, &begin, &end) ||
                      file < 0 || (size_t)file >= chain->set->count || begin < 0 || end < 0))
            return assay_fail(err, ASSAY_INVALID,
                              "part %zu of the split does not name a file and a range", i);
        chain->parts[i] = (struct part){(uint32_t)file, (uint64_t)begin, (uint64_t)end};
    }
    return ASSAY_OK;
}

int assay_file_set_read(const struct assay_file_set *set, const json_t *bounds,
                        const char *const *fields, size_t fields_count,
                        const atomic_bool *cancelled, struct assay_reader **ret_reader,
                        struct assay_error *err)
{
    if (set->family == ASSAY_FAMILY_PARQUET)
        return assay_fail(err, ASSAY_UNSUPPORTED, "%s: Parquet is read by the engine",
                          set->files[0].shown);
    struct chain *chain = assay_calloc(1, sizeof *chain);
    if (!chain)
        return assay_fail_memory(err);
    ASSAY_AUTO(assay_reader_close) struct assay_reader *reader = &chain->base;
    reader->ops = &chain_ops;
    reader->cancelled = cancelled;
    chain->set = set;
    ASSAY_TRY(project(chain, fields, fields_count, err));
    ASSAY_TRY(take_bounds(chain, bounds, err));
    const size_t count = reader->schema.count + 1;
    chain->wanted = assay_calloc(count, sizeof *chain->wanted);
    chain->source = assay_calloc(count, sizeof *chain->source);
    chain->columns = assay_calloc(count, sizeof *chain->columns);
    chain->no_cells = assay_calloc(ASSAY_BATCH_ROWS, sizeof *chain->no_cells);
    if (!chain->wanted || !chain->source || !chain->columns || !chain->no_cells)
        return assay_fail_memory(err);
    if (set->warnings && !(reader->warnings = json_deep_copy(set->warnings)))
        return assay_fail_memory(err);
    *ret_reader = ASSAY_TAKE(reader);
    return ASSAY_OK;
}
