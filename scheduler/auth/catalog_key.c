// Proof of the passphrase: one encrypted constant per key.
// SPDX-License-Identifier: Apache-2.0
#include "scheduler/auth/catalog_key.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/crypto/envelope.h"

static const char proof_text[] = "assay";
static const char proof_owner[] = "catalog";

static int check_proof(const struct assay_keyring *keyring, const char *proof,
                       struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf text = {0};
    ASSAY_TRY(assay_envelope_open(keyring, proof_owner, proof, &text, err));
    return strcmp(assay_buf_str(&text), proof_text) == 0
               ? ASSAY_OK
               : assay_fail(err, ASSAY_DENIED,
                            "the passphrase file is not the one of this catalog");
}

static int note_key(struct assay_db_conn *conn, const struct assay_keyring *keyring,
                    struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf proof = {0};
    ASSAY_TRY(
        assay_envelope_seal(keyring, proof_owner, proof_text, sizeof proof_text - 1, &proof, err));
    return assay_db_run(conn,
                        "INSERT INTO catalog_key (key_id, proof, created_at) VALUES ($1, $2, $3) "
                        "ON CONFLICT (key_id) DO NOTHING",
                        NULL, err, assay_db_text(keyring->keys[0].id), assay_db_text(proof.data),
                        assay_db_int(assay_now_us()));
}

static int prove(struct assay_db_conn *conn, void *context, struct assay_error *err)
{
    const struct assay_keyring *keyring = context;
    ASSAY_AUTO(assay_db_rows_free) struct assay_db_rows *rows = NULL;
    bool known = false;
    ASSAY_TRY(assay_db_run(conn, "SELECT key_id, proof FROM catalog_key", &rows, err));
    for (size_t row = 0; row < assay_db_rows_count(rows); row++) {
        const char *id = assay_db_get_text(rows, row, 0);
        if (!assay_keyring_find(keyring, id, strlen(id)))
            continue;
        ASSAY_TRY(check_proof(keyring, assay_db_get_text(rows, row, 1), err));
        known = true;
    }
    if (!known && assay_db_rows_count(rows) > 0)
        return assay_fail(err, ASSAY_DENIED,
                          "the passphrase file is not the one that this catalog's secrets were "
                          "encrypted with: use that one, or "
                          "put the new passphrase above the old one in it");
    return note_key(conn, keyring, err);
}

int assay_catalog_key_prove(struct assay_db *db, const struct assay_keyring *keyring,
                            struct assay_error *err)
{
    return assay_db_transaction(db, prove, (void *)keyring, err);
}
