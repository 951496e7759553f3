// The configuration that a command line asks for.
// SPDX-License-Identifier: Apache-2.0
#include "cli/run/config_args.h"

#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"

const struct assay_cli_option assay_config_options[] = {
    {.name = "config",
     .value = "FILE",
     .doc = "configuration (default ./assay.yaml, then /etc/assay/assay.yaml)"},
    {.name = "set",
     .value = "KEY=VALUE",
     .repeats = true,
     .doc = "one option of the configuration"},
    {.name = NULL},
};

static void print_warnings(const char *warnings)
{
    while (*warnings) {
        const size_t size_bytes = strcspn(warnings, "\n");
        (void)fprintf(stderr, "assay: warning: %.*s\n", (int)size_bytes, warnings);
        warnings += size_bytes + (warnings[size_bytes] == '\n');
    }
}

int assay_config_of_args(const char *role, const struct assay_args *args,
                         struct assay_config **ret_config, struct assay_error *err)
{
    const char **sets = assay_calloc(args->options_count + 1, sizeof *sets);
    if (!sets)
        return assay_fail_memory(err);
    size_t count = 0;
    while ((sets[count] = assay_args_nth(args, "set", count)))
        count++;
    const int rc =
        assay_config_load(role, assay_args_text(args, "config"), sets, count, ret_config, err);
    assay_free(sets);
    if (rc == ASSAY_OK && !assay_args_given(args, "quiet"))
        print_warnings(assay_config_warnings(*ret_config));
    if (rc != ASSAY_OK && err)
        err->code = ASSAY_USAGE;
    return rc == ASSAY_OK ? ASSAY_OK : ASSAY_USAGE;
}
