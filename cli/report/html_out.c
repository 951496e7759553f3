// HTML pages that need no network.
// SPDX-License-Identifier: Apache-2.0
#include "cli/report/html_out.h"

#include <stdio.h>
#include <string.h>

#include "common/base/utf8.h"

/* A bar of so many pixels or fewer is not pointed at. */
#define LEAST_HINT 4

static const char style_sheet[] =
    ":root{color-scheme:light "
    "dark;--ink:#1d2733;--dim:#667585;--line:#d9e0e7;--paper:#fff;--card:#f6f8fa;--bar:#3b7dd8;"
    "--tail:#a9c7f0;--bad:#c8372d;--warn:#b06f00;--good:#23844b}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4eaf0;--dim:#93a1af;--line:#333f4b;--paper:#"
    "141a21;--card:#1c242d;"
    "--bar:#5b9bf0;--tail:#2f4f78;--bad:#f0736a;--warn:#e0a63d;--good:#54c084}}"
    "*{box-sizing:border-box}body{margin:0 "
    "auto;padding:1.5rem;max-width:76rem;background:var(--paper);color:var(--ink);"
    "font:15px/1.45 system-ui,-apple-system,\"Segoe UI\",sans-serif}h1{font-size:1.5rem;margin:0 0 "
    ".2rem}"
    "h2{font-size:1.15rem;margin:2rem 0 .2rem}p{margin:.2rem "
    "0}.dim{color:var(--dim)}.bad{color:var(--bad)}"
    ".warn{color:var(--warn)}.good{color:var(--good)}.scroll{overflow-x:auto}table{border-collapse:"
    "collapse;width:100%;"
    "margin:.6rem "
    "0}th{font-weight:600;text-align:left;color:var(--dim);font-size:.85rem}th,td{padding:.35rem "
    ".6rem;"
    "border-bottom:1px solid "
    "var(--line);vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;"
    "white-space:nowrap}td.v{max-width:22rem;overflow-wrap:anywhere}code{font:13px "
    "ui-monospace,monospace;overflow-wrap:anywhere}"
    "svg{display:block}svg rect{fill:var(--bar)}svg rect.tail{fill:var(--tail)}svg "
    "rect.back{fill:var(--line)}"
    "svg rect.nulls{fill:var(--warn)}details{margin:.1rem "
    "0}summary{cursor:pointer}.grid{display:grid;"
    "grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.2rem "
    "1.5rem;background:var(--card);padding:.6rem .8rem;"
    "border-radius:6px;margin:.4rem 0}.grid "
    "div{display:flex;justify-content:space-between;gap:1rem}"
    ".grid "
    "span:last-child{font-variant-numeric:tabular-nums;overflow-wrap:anywhere;text-align:right}"
    ".tag{display:inline-block;padding:0 "
    ".45rem;border-radius:4px;background:var(--card);font-size:.85rem}"
    "ul{margin:.3rem 0;padding-left:1.2rem}tr.f td{border-bottom:0;padding-bottom:0}"
    "tr.d td{padding-top:0}tr.d summary{font-size:.8rem}tr.d svg{max-width:100%}"
    /* On a telephone a field is a card: name and type, then its figures with their words, then what
     * is wide. */
    "@media(max-width:40rem){body{padding:.8rem}.scroll>table>tbody>tr:first-child:has(+tr.f){"
    "display:none}tr.f{display:grid;grid-template-columns:1fr auto;padding-top:.5rem}"
    "tr.f td{padding:.1rem .3rem}tr.f td:nth-child(3) svg{display:none}"
    "tr.f td:nth-child(3){text-align:left}tr.f td:nth-child(3)::after{content:\" null\"}"
    "tr.f td:nth-child(4)::after{content:\" distinct\"}"
    "tr.f td:nth-child(5),tr.f td:nth-child(6){grid-column:1/-1}tr.d,tr.d td{display:block}}"
    ".pct{display:inline-block;min-width:4.2em}"
    "svg.share{display:inline-block;margin-right:.4rem;vertical-align:middle}"
    ".changes{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;overflow-wrap:anywhere}";

void assay_html_begin(struct assay_buf *out, const char *title)
{
    assay_buf_text(
        out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
             "'unsafe-inline'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    assay_html_text(out, title);
    assay_buf_printf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n<h1>", style_sheet);
    assay_html_text(out, title);
    assay_buf_text(out, "</h1>\n");
}

void assay_html_end(struct assay_buf *out)
{
    assay_buf_text(out, "<p class=\"dim\">Made by assay " ASSAY_VERSION "</p>\n</body>\n</html>\n");
}

static void append_char(struct assay_buf *out, const char *text, size_t size_bytes,
                        uint32_t code_point)
{
    static const struct {
        char c;
        const char *entity;
    } entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (code_point == (uint32_t)entities[i].c) {
            assay_buf_text(out, entities[i].entity);
            return;
        }
    if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0) ||
        (code_point >= 0x202a && code_point <= 0x202e) ||
        (code_point >= 0x2066 && code_point <= 0x2069) || code_point == 0xfffd)
        assay_buf_text(out, "·");
    else
        assay_buf_append(out, text, size_bytes);
}

void assay_html_text(struct assay_buf *out, const char *text)
{
    const size_t size_bytes = strlen(text);
    for (size_t at = 0; at < size_bytes;) {
        uint32_t code_point;
        const size_t taken = assay_utf8_next(text + at, size_bytes - at, &code_point);
        append_char(out, text + at, taken, code_point);
        at += taken;
    }
}

static void append_grouped(struct assay_buf *out, long long value)
{
    char digits[32];
    const int size = snprintf(digits, sizeof digits, "%lld", value);
    for (int i = 0; i < size; i++) {
        assay_buf_char(out, digits[i]);
        if ((size - 1 - i) % 3 == 0 && i + 1 < size && digits[i] != '-')
            assay_buf_text(out, "\u202f");
    }
}

void assay_html_value(struct assay_buf *out, const json_t *value)
{
    if (json_is_string(value))
        assay_html_text(out, json_string_value(value));
    else if (json_is_integer(value))
        append_grouped(out, json_integer_value(value));
    else if (json_is_real(value))
        assay_buf_printf(out, "%.6g", json_real_value(value));
    else if (json_is_boolean(value))
        assay_buf_text(out, json_is_true(value) ? "yes" : "no");
    else
        assay_buf_text(out, "–");
}

static void append_hint(struct assay_buf *out, const json_t *bucket)
{
    assay_buf_text(out, "<title>");
    if (assay_json_get(bucket, "value")) {
        assay_html_value(out, json_object_get(bucket, "value"));
    } else {
        assay_html_value(out, json_object_get(bucket, "from"));
        assay_buf_text(out, " … ");
        assay_html_value(out, json_object_get(bucket, "to"));
    }
    assay_buf_text(out, ": ");
    append_grouped(out, (long long)assay_json_num(bucket, "count", 0));
    assay_buf_text(out, "</title>");
}

void assay_html_bars(struct assay_buf *out, const json_t *buckets, int width, int height)
{
    const size_t count = json_array_size(buckets);
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        const double size = assay_json_num(json_array_get(buckets, i), "count", 0);
        largest = size > largest ? size : largest;
    }
    if (!count || !(largest > 0))
        return;
    const double step = (double)width / (double)count, gap = step > LEAST_HINT ? 1 : 0;
    assay_buf_printf(out,
                     "<svg width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
                     "aria-label=\"histogram\">",
                     width, height, width, height);
    for (size_t i = 0; i < count; i++) {
        const json_t *bucket = json_array_get(buckets, i);
        const double size = assay_json_num(bucket, "count", 0);
        double bar = size / largest * height;
        if (size > 0 && bar < 1)
            bar = 1;
        assay_buf_printf(out, "<rect%s x=\"%.4g\" y=\"%.4g\" width=\"%.4g\" height=\"%.4g\">",
                         assay_json_bool(bucket, "tail", false) ? " class=\"tail\"" : "",
                         (double)i * step, height - bar, step - gap, bar);
        if (step > LEAST_HINT)
            append_hint(out, bucket);
        assay_buf_text(out, "</rect>");
    }
    assay_buf_text(out, "</svg>");
}

/* To a tenth; what is not none or all never looks like it. */
static void append_percent(struct assay_buf *out, double share)
{
    if (share > 0 && share < 0.001)
        assay_buf_text(out, "&lt; 0.1 %");
    else if (share < 1 && share > 0.999)
        assay_buf_text(out, "&gt; 99.9 %");
    else
        assay_buf_printf(out, "%.*f %%", share > 0 && share < 1 ? 1 : 0, 100 * share);
}

void assay_html_share(struct assay_buf *out, double share, const char *class_name)
{
    const double part = share < 0 ? 0 : share > 1 ? 1 : share;
    assay_buf_printf(
        out,
        "<svg class=\"share\" width=\"60\" height=\"6\" role=\"img\" aria-label=\"%.1f %%\"><rect "
        "class=\"back\" width=\"60\" "
        "height=\"6\"/><rect class=\"%s\" width=\"%.1f\" height=\"6\"/></svg><span class=\"pct\">",
        100 * part, class_name, part > 0 && part < 0.02 ? 1.2 : 60 * part);
    append_percent(out, share);
    assay_buf_text(out, "</span>");
}
