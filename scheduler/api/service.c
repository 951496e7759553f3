// What the API says of itself: status, OpenAPI, a page of its routes.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "scheduler/api/handlers.h"
#include "scheduler/api/internal.h"

int assay_status_get(struct assay_request *request, struct assay_answer *answer,
                     struct assay_error *err)
{
    ASSAY_AUTO(assay_db_release) struct assay_db_conn *conn = NULL;
    ASSAY_TRY(assay_db_acquire(request->with->db, &conn, err));
    ASSAY_TRY(assay_db_run(conn, "SELECT 1", NULL, err));
    answer->json =
        json_pack("{s:s, s:s, s:s}", "status", "ok", "name", "assay", "version", ASSAY_VERSION);
    return ASSAY_OK;
}

int assay_openapi_get(struct assay_request *request, struct assay_answer *answer,
                      struct assay_error *err)
{
    (void)request;
    return assay_openapi(assay_routes, &answer->json, err);
}

int assay_later(struct assay_request *request, struct assay_answer *answer, struct assay_error *err)
{
    (void)answer;
    return assay_fail(err, ASSAY_UNSUPPORTED, "%s %s is not built yet", request->method,
                      request->route->path);
}

static const char page_head[] =
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Assay REST API</title>"
    "<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}td{padding:.2em .8em .2em 0;vertical-align:top;"
    "border-bottom:1px solid "
    "#ddd}code{white-space:nowrap}td:first-child{font-weight:600}</style></head>"
    "<body><h1>Assay REST API</h1><p>Send <code>Authorization: Bearer &lt;token&gt;</code>. Every "
    "parameter and "
    "body is described in <a href=\"/api/openapi.json\">openapi.json</a>.</p><table>";

int assay_docs_get(struct assay_request *request, struct assay_answer *answer,
                   struct assay_error *err)
{
    (void)request;
    assay_buf_text(&answer->text, page_head);
    for (const struct assay_route *route = assay_routes; route->method; route++)
        if (route->kind != ASSAY_ROUTE_LATER)
            assay_buf_printf(&answer->text,
                             "<tr><td>%s</td><td><code>/api%s</code></td><td>%s</td></tr>\n",
                             route->method, route->path, route->doc);
    assay_buf_text(&answer->text, "</table></body></html>\n");
    answer->content_type = "text/html; charset=utf-8";
    return assay_buf_check(&answer->text, err);
}
