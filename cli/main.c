// assay: one program with roles.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

int main(void)
{
    (void)puts("assay " ASSAY_VERSION);
    return 0;
}
