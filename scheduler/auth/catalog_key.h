/* Proof that the passphrase file is the one this catalog's secrets were encrypted with. */
// SPDX-License-Identifier: Apache-2.0
#ifndef ASSAY_AUTH_CATALOG_KEY_H
#define ASSAY_AUTH_CATALOG_KEY_H

#include "common/base/error.h"
#include "common/crypto/keyring.h"
#include "common/db/db.h"

/** Note the ring's key in force with a proof, or check the proof that stands there. A catalog
 *  that knows only keys which the ring lacks is refused: ASSAY_DENIED, naming what to do. */
ASSAY_MUST_CHECK int assay_catalog_key_prove(struct assay_db *db,
                                             const struct assay_keyring *keyring,
                                             struct assay_error *err);

#endif
