// A token for a command line that opened the browser: GET /cli/authorize.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "common/base/clock.h"
#include "common/base/memory.h"
#include "common/http/http.h"
#include "scheduler/api/handlers.h"
#include "scheduler/catalog/listing.h"

enum { TOKEN_DAYS = 90 };

/* Where the answer goes, and for whom. */
struct authorization {
    const char *redirect_uri, *state, *hostname;
    const char *token; /* of a person who is known already; NULL = not given */
};

/* Only to this machine: a token must not be sent anywhere else. */
static bool is_local(const char *uri)
{
    static const char *const hosts[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    for (size_t i = 0; i < ASSAY_COUNT(hosts); i++) {
        const size_t size = strlen(hosts[i]);
        if (strncmp(uri, hosts[i], size) == 0 && (uri[size] == ':' || uri[size] == '/') &&
            strcspn(uri, "@\\\r\n") == strlen(uri))
            return true;
    }
    return false;
}

static int read_query(const struct assay_request *request, struct authorization *ret_authorization,
                      struct assay_error *err)
{
    const json_t *from = request->body ? request->body : request->params;
    const struct authorization given = {.redirect_uri = assay_param(from, "redirect_uri"),
                                        .state = assay_param(from, "state"),
                                        .hostname = assay_param(from, "hostname"),
                                        .token = assay_param(from, "token")};
    if (!given.redirect_uri || !is_local(given.redirect_uri))
        return assay_fail(err, ASSAY_INVALID, "\"redirect_uri\" must be http:// on this machine");
    *ret_authorization = given;
    return ASSAY_OK;
}

static int redirect(const struct authorization *authorization, const char *name, const char *value,
                    struct assay_answer *answer, struct assay_error *err)
{
    ASSAY_SCOPED(assay_buf_release) struct assay_buf location = {0};
    assay_buf_text(&location, authorization->redirect_uri);
    assay_buf_text(&location, strchr(authorization->redirect_uri, '?') ? "&state=" : "?state=");
    assay_http_append_encoded(&location, authorization->state ? authorization->state : "");
    assay_buf_printf(&location, "&%s=", name);
    assay_http_append_encoded(&location, value);
    ASSAY_TRY(assay_buf_check(&location, err));
    answer->location = assay_buf_take(&location);
    answer->status = 302;
    return answer->location ? ASSAY_OK : assay_fail_memory(err);
}

static void append_escaped(struct assay_buf *html, const char *text)
{
    static const struct {
        char sign;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (; text && *text; text++) {
        const char *entity = NULL;
        for (size_t i = 0; i < ASSAY_COUNT(entities); i++)
            if (entities[i].sign == *text)
                entity = entities[i].entity;
        if (entity)
            assay_buf_text(html, entity);
        else
            assay_buf_char(html, *text);
    }
}

static void append_hidden(struct assay_buf *html, const char *name, const char *value)
{
    assay_buf_printf(html, "<input type=\"hidden\" name=\"%s\" value=\"", name);
    append_escaped(html, value);
    assay_buf_text(html, "\">");
}

/* Nobody is logged in to a browser here: the page asks for a token that the person has. */
static int ask(const struct authorization *authorization, struct assay_answer *answer,
               struct assay_error *err)
{
    struct assay_buf *html = &answer->text;
    assay_buf_text(html, "<!doctype html><html lang=\"en\"><head><meta "
                         "charset=\"utf-8\"><title>Assay</title></head><body>"
                         "<h1>A command line asks for a token</h1><p>Host: ");
    append_escaped(html, authorization->hostname);
    assay_buf_text(
        html, "</p><form method=\"post\" action=\"/api/cli/authorize\"><label>Your token (the file "
              "<code>assay.token</code> beside the catalog holds one) "
              "<input type=\"password\" name=\"token\" autocomplete=\"off\"></label>");
    append_hidden(html, "redirect_uri", authorization->redirect_uri);
    append_hidden(html, "state", authorization->state);
    append_hidden(html, "hostname", authorization->hostname);
    assay_buf_text(html, "<button>Allow</button></form></body></html>\n");
    answer->content_type = "text/html; charset=utf-8";
    answer->status = 200;
    return assay_buf_check(html, err);
}

static int make_token(struct assay_request *request, const struct authorization *authorization,
                      struct assay_buf *ret_token, struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    struct assay_identity identity;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    ASSAY_TRY(assay_token_verify(conn, request->with->keyring, authorization->token,
                                 ASSAY_AUDIENCE_API, &identity, err));
    const struct assay_token_new token = {.name = authorization->hostname ? authorization->hostname
                                                                          : "command line",
                                          .user_id = identity.user_id,
                                          .ttl_us = INT64_C(86400) * TOKEN_DAYS * ASSAY_US_PER_S};
    return assay_token_create(conn, request->with->keyring, &token, ret_token, NULL, err);
}

int assay_authorize_get(struct assay_request *request, struct assay_answer *answer,
                        struct assay_error *err)
{
    struct authorization authorization;
    struct assay_error refused = {0};
    ASSAY_SCOPED(assay_buf_release) struct assay_buf token = {0};
    ASSAY_TRY(read_query(request, &authorization, err));
    if (!request->body)
        return ask(&authorization, answer, err);
    if (!authorization.token || make_token(request, &authorization, &token, &refused) != ASSAY_OK)
        return redirect(&authorization, "error", "access_denied", answer, err);
    return redirect(&authorization, "token", assay_buf_str(&token), answer, err);
}
