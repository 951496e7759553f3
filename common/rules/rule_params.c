// Parameters of the rules, by what they say; rules with the same ones share an array.
// SPDX-License-Identifier: Apache-2.0
#include "common/rules/rule_params.h"

#define COMPARISONS                                                                                \
    "eq|ne|lt|lte|gt|gte|equal to|not equal to|less than|less than or equal to|greater than|"      \
    "greater than or equal to"
#define TYPES "Integral|Fractional|String|Date|Timestamp|Boolean"

const struct assay_param assay_params_instant[] = {{.key = "datetime",
                                                    .kind = ASSAY_PARAM_VALUE,
                                                    .required = true,
                                                    .doc = "an ISO 8601 date or instant"},
                                                   {0}};
const struct assay_param assay_params_range[] = {
    {.key = "min", .kind = ASSAY_PARAM_VALUE, .doc = "lower bound; none: no lower bound"},
    {.key = "inclusive_min",
     .kind = ASSAY_PARAM_BOOL,
     .fallback = "true",
     .doc = "the lower bound itself passes"},
    {.key = "max",
     .kind = ASSAY_PARAM_VALUE,
     .doc = "upper bound; a date without time means the end of that day"},
    {.key = "inclusive_max",
     .kind = ASSAY_PARAM_BOOL,
     .fallback = "true",
     .doc = "the upper bound itself passes"},
    {0}};
const struct assay_param assay_params_times[] = {
    {.key = "min_time",
     .kind = ASSAY_PARAM_VALUE,
     .required = true,
     .doc = "first instant that passes"},
    {.key = "max_time",
     .kind = ASSAY_PARAM_VALUE,
     .required = true,
     .doc = "last instant that passes; a date without time means the end of that day"},
    {0}};
const struct assay_param assay_params_bound[] = {{.key = "value",
                                                  .kind = ASSAY_PARAM_VALUE,
                                                  .required = true,
                                                  .doc = "the constant to compare with"},
                                                 {.key = "inclusive",
                                                  .kind = ASSAY_PARAM_BOOL,
                                                  .fallback = "false",
                                                  .doc = "the constant itself passes"},
                                                 {0}};
const struct assay_param assay_params_limit[] = {
    {.key = "value", .kind = ASSAY_PARAM_VALUE, .required = true, .doc = "the limit"},
    {.key = "inclusive",
     .kind = ASSAY_PARAM_BOOL,
     .fallback = "true",
     .doc = "the limit itself passes"},
    {0}};
/* How near two values must be to be the same. */
static const struct assay_param numeric[] = {
    {.key = "epsilon",
     .kind = ASSAY_PARAM_NUMBER,
     .required = true,
     .doc = "greatest difference of two numbers that are the same"},
    {.key = "as_absolute",
     .kind = ASSAY_PARAM_BOOL,
     .fallback = "true",
     .doc = "false: epsilon is in percent of the first one"},
    {0}};
static const struct assay_param duration[] = {{.key = "millis",
                                               .kind = ASSAY_PARAM_SIZE,
                                               .required = true,
                                               .doc = "greatest distance in time, in milliseconds"},
                                              {0}};
static const struct assay_param text[] = {
    {.key = "ignore_whitespace",
     .kind = ASSAY_PARAM_BOOL,
     .required = true,
     .doc = "runs of white space count as one blank, those at the ends not at all"},
    {0}};
#define NUMERIC_COMPARATOR                                                                         \
    {                                                                                              \
        .key = "numeric_comparator", .kind = ASSAY_PARAM_MAP, .members = numeric,                  \
        .doc = "when numbers are the same"                                                         \
    }
#define COMPARATORS                                                                                \
    NUMERIC_COMPARATOR,                                                                            \
        {.key = "duration_comparator",                                                             \
         .kind = ASSAY_PARAM_MAP,                                                                  \
         .members = duration,                                                                      \
         .doc = "when dates and instants are the same"},                                           \
    {                                                                                              \
        .key = "string_comparator", .kind = ASSAY_PARAM_MAP, .members = text,                      \
        .doc = "when texts are the same"                                                           \
    }

const struct assay_param assay_params_constant[] = {{.key = "value",
                                                     .kind = ASSAY_PARAM_VALUE,
                                                     .required = true,
                                                     .doc = "the constant that every field equals"},
                                                    NUMERIC_COMPARATOR,
                                                    {0}};
const struct assay_param assay_params_other_field[] = {
    {.key = "field_name",
     .kind = ASSAY_PARAM_FIELD,
     .required = true,
     .doc = "the field to compare with"},
    {.key = "inclusive", .kind = ASSAY_PARAM_BOOL, .fallback = "false", .doc = "equal values pass"},
    {.key = "null_safe",
     .kind = ASSAY_PARAM_BOOL,
     .fallback = "false",
     .doc = "NULL against a value fails"},
    COMPARATORS,
    {0}};
const struct assay_param assay_params_same_field[] = {{.key = "field_name",
                                                       .kind = ASSAY_PARAM_FIELD,
                                                       .required = true,
                                                       .doc = "the field to compare with"},
                                                      {.key = "null_safe",
                                                       .kind = ASSAY_PARAM_BOOL,
                                                       .fallback = "false",
                                                       .doc = "NULL against a value fails"},
                                                      COMPARATORS,
                                                      {0}};
const struct assay_param assay_params_values[] = {{.key = "list",
                                                   .kind = ASSAY_PARAM_LIST,
                                                   .required = true,
                                                   .doc = "constants of the field's type"},
                                                  {0}};
const struct assay_param assay_params_pattern[] = {
    {.key = "pattern",
     .kind = ASSAY_PARAM_PATTERN,
     .required = true,
     .doc = "a regular expression in RE2 syntax"},
    {.key = "full_match",
     .kind = ASSAY_PARAM_BOOL,
     .fallback = "false",
     .doc = "the whole value must match; else a match anywhere in it is enough"},
    {0}};
const struct assay_param assay_params_length[] = {
    {.key = "value",
     .kind = ASSAY_PARAM_SIZE,
     .required = true,
     .doc = "Unicode code points of a text, elements of an array"},
    {0}};
const struct assay_param assay_params_records[] = {
    {.key = "value", .kind = ASSAY_PARAM_SIZE, .required = true, .doc = "number of records"}, {0}};
const struct assay_param assay_params_trimmed[] = {{.key = "trim",
                                                    .kind = ASSAY_PARAM_BOOL,
                                                    .fallback = "false",
                                                    .doc = "a text of white space only fails too"},
                                                   {0}};
const struct assay_param assay_params_expression[] = {
    {.key = "expression",
     .kind = ASSAY_PARAM_EXPRESSION,
     .required = true,
     .doc = "a SQL condition on the fields of one record"},
    {0}};
const struct assay_param assay_params_schema[] = {
    {.key = "list", .kind = ASSAY_PARAM_SCHEMA, .required = true, .doc = "names, or {name, type}"},
    {.key = "allow_other_fields",
     .kind = ASSAY_PARAM_BOOL,
     .fallback = "true",
     .doc = "fields that are not listed may be there"},
    {0}};
const struct assay_param assay_params_count[] = {{.key = "value",
                                                  .kind = ASSAY_PARAM_INT,
                                                  .required = true,
                                                  .doc = "the number to compare with"},
                                                 {.key = "comparison",
                                                  .kind = ASSAY_PARAM_CHOICE,
                                                  .fallback = "eq",
                                                  .choices = COMPARISONS,
                                                  .doc = "how the count must relate to the number"},
                                                 {0}};
const struct assay_param assay_params_total[] = {
    {.key = "value", .kind = ASSAY_PARAM_VALUE, .required = true, .doc = "what the sum must be"},
    {.key = "tolerance",
     .kind = ASSAY_PARAM_NUMBER,
     .fallback = "1e-9",
     .doc = "relative tolerance for floating point fields and fractions of text; integers and "
            "decimals are exact"},
    {0}};
const struct assay_param assay_params_field_type[] = {{.key = "field_type",
                                                       .kind = ASSAY_PARAM_CHOICE,
                                                       .required = true,
                                                       .choices = TYPES,
                                                       .doc = "the type"},
                                                      {0}};
/* The container that a rule compares with. */
#define REFERENCE                                                                                  \
    {.key = "ref_container",                                                                       \
     .kind = ASSAY_PARAM_TEXT,                                                                     \
     .doc = "name of the reference; none: the container itself"},                                  \
        {.key = "ref_datastore",                                                                   \
         .kind = ASSAY_PARAM_TEXT,                                                                 \
         .doc = "name of the reference's datastore"},                                              \
        {.key = "ref_container_id", .kind = ASSAY_PARAM_INT, .doc = "id of the reference (REST)"}, \
    {                                                                                              \
        .key = "ref_datastore_id", .kind = ASSAY_PARAM_INT,                                        \
        .doc = "id of the reference's datastore (REST)"                                            \
    }
#define REF_FILTER                                                                                 \
    {                                                                                              \
        .key = "ref_filter", .kind = ASSAY_PARAM_EXPRESSION,                                       \
        .doc = "a filter on the reference's records"                                               \
    }

const struct assay_param assay_params_difference[] = {
    REFERENCE,
    REF_FILTER,
    {.key = "id_field_names",
     .kind = ASSAY_PARAM_FIELDS,
     .doc = "fields that say which record of the reference belongs to a record; none: records are "
            "compared as wholes"},
    COMPARATORS,
    {0}};
const struct assay_param assay_params_comparison[] = {
    {.key = "expression",
     .kind = ASSAY_PARAM_EXPRESSION,
     .required = true,
     .doc = "an aggregate of this container"},
    {.key = "comparison",
     .kind = ASSAY_PARAM_CHOICE,
     .required = true,
     .choices = COMPARISONS,
     .doc = "how the two must relate"},
    {.key = "ref_expression",
     .kind = ASSAY_PARAM_EXPRESSION,
     .required = true,
     .doc = "an aggregate of the reference, or a constant"},
    REF_FILTER,
    REFERENCE,
    {0}};

const struct assay_param assay_params_membership[] = {
    {.key = "field_name",
     .kind = ASSAY_PARAM_FIELD,
     .required = true,
     .doc = "the field of the reference that holds the values"},
    REFERENCE,
    REF_FILTER,
    {0}};

const struct assay_param assay_params_prediction[] = {
    {.key = "expression",
     .kind = ASSAY_PARAM_EXPRESSION,
     .required = true,
     .doc = "what the value should be, from the other fields of the record"},
    {.key = "tolerance",
     .kind = ASSAY_PARAM_NUMBER,
     .fallback = "0",
     .doc = "greatest difference that passes; of dates in days, of timestamps in seconds"},
    {0}};
const struct assay_param assay_params_interval_sizes[] = {
    {.key = "interval_name",
     .kind = ASSAY_PARAM_CHOICE,
     .required = true,
     .choices = "Yearly|Monthly|Weekly|Daily|Hourly",
     .doc = "the interval; weeks begin on Monday, Hourly needs timestamps"},
    {.key = "min_size",
     .kind = ASSAY_PARAM_SIZE,
     .doc = "fewest records; the first and the last interval, which may be cut, may have fewer"},
    {.key = "max_size", .kind = ASSAY_PARAM_SIZE, .doc = "most records"},
    {0}};
