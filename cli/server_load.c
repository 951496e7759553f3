// Loads the module of the commands that reach servers.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/server.h"

/* From the folder of the program: as it was built, as it is installed. */
static const char *const places[] = {"assay-server.so", "../lib/assay-server.so"};

/* The module stays loaded: its libraries have threads and handlers of their own. */
static const struct assay_server_module *load(struct assay_error *err)
{
    char path[PATH_MAX + 32];
    const ssize_t size_bytes = readlink("/proc/self/exe", path, PATH_MAX - 1);
    path[size_bytes > 0 ? size_bytes : 0] = '\0';
    char *slash = strrchr(path, '/');
    const char *problem = "/proc/self/exe cannot be read";
    for (size_t i = 0; slash && i < ASSAY_COUNT(places); i++) {
        (void)strcpy(slash + 1, places[i]);
        if (access(path, F_OK) != 0) {
            problem = "it is neither beside the program nor in ../lib: install Assay again";
            continue;
        }
        void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        const void *symbol = module ? dlsym(module, ASSAY_SERVER_MODULE_SYMBOL) : NULL;
        if (symbol)
            return symbol;
        problem = dlerror();
        break;
    }
    (void)assay_fail(err, ASSAY_INTERNAL, "loading assay-server.so: %s", problem);
    return NULL;
}

int assay_server_command(const struct assay_args *args, int *ret_exit, struct assay_error *err)
{
    const struct assay_server_module *module = load(err);
    return module ? module->run(args, ret_exit, err) : ASSAY_INTERNAL;
}

void assay_server_append_verbs(const struct assay_cli_command *command, struct assay_buf *text)
{
    const struct assay_server_module *module = load(NULL);
    if (module)
        module->append_verbs(command, text);
}
