// Coded: fields of Parquet whose texts are counted as codes.
// SPDX-License-Identifier: Apache-2.0
#include "worker/executor/profile/coded.h"

#include "common/base/memory.h"

void assay_coded_choose(const struct assay_profile_source *source, const char *const *fields,
                        size_t fields_count, struct assay_coded *ret_coded)
{
    size_t left = source->dictionaries_most;
    if (!left || !fields_count || !assay_profile_source_is_parquet(source) || source->from)
        return;
    struct assay_dictionary **dictionaries = assay_calloc(fields_count, sizeof *dictionaries);
    for (size_t i = 0; dictionaries && i < fields_count && left; i++)
        if (assay_parquet_survey_is_small(&source->survey, fields[i]) &&
            assay_dictionary_new(&dictionaries[i], NULL) == ASSAY_OK)
            left--;
    *ret_coded = (struct assay_coded){.dictionaries = dictionaries, .fields_count = fields_count};
}

void assay_coded_release(struct assay_coded *coded)
{
    for (size_t i = 0; coded->dictionaries && i < coded->fields_count; i++)
        assay_dictionary_free(coded->dictionaries[i]);
    assay_free(coded->dictionaries);
    *coded = (struct assay_coded){0};
}

bool assay_coded_is_lost(const struct assay_coded *coded, size_t field)
{
    return coded->dictionaries && coded->dictionaries[field] &&
           assay_dictionary_is_full(coded->dictionaries[field]);
}
