// Codes that standards list: countries (ISO 3166-1), currencies (ISO 4217), states of the USA; and
// postcodes by shape.
// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <strings.h>

#include "common/base/cleanup.h"
#include "worker/executor/infer/semantic_validators.h"

static const char alpha_2[] =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCG"
    "CHCICKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGL"
    "GMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLA"
    "LBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONP"
    "NRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSV"
    "SXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

static const char alpha_3[] =
    "ABWAFGAGOAIAALAALBANDAREARGARMASMATAATFATGAUSAUTAZEBDIBELBENBESBFABGDBGRBHRBHSBIHBLM"
    "BLRBLZBMUBOLBRABRBBRNBTNBVTBWACAFCANCCKCHECHLCHNCIVCMRCODCOGCOKCOLCOMCPVCRICUBCUWCXR"
    "CYMCYPCZEDEUDJIDMADNKDOMDZAECUEGYERIESHESPESTETHFINFJIFLKFRAFROFSMGABGBRGEOGGYGHAGIB"
    "GINGLPGMBGNBGNQGRCGRDGRLGTMGUFGUMGUYHKGHMDHNDHRVHTIHUNIDNIMNINDIOTIRLIRNIRQISLISRITA"
    "JAMJEYJORJPNKAZKENKGZKHMKIRKNAKORKWTLAOLBNLBRLBYLCALIELKALSOLTULUXLVAMACMAFMARMCOMDA"
    "MDGMDVMEXMHLMKDMLIMLTMMRMNEMNGMNPMOZMRTMSRMTQMUSMWIMYSMYTNAMNCLNERNFKNGANICNIUNLDNOR"
    "NPLNRUNZLOMNPAKPANPCNPERPHLPLWPNGPOLPRIPRKPRTPRYPSEPYFQATREUROURUSRWASAUSDNSENSGPSGS"
    "SHNSJMSLBSLESLVSMRSOMSPMSRBSSDSTPSURSVKSVNSWESWZSXMSYCSYRTCATCDTGOTHATJKTKLTKMTLSTON"
    "TTOTUNTURTUVTWNTZAUGAUKRUMIURYUSAUZBVATVCTVENVGBVIRVNMVUTWLFWSMYEMZAFZMBZWE";

/* Also those replaced since: ANG BGN CUC HRK SLL VEF. Without XTS (tests) and XXX (none). */
static const char currencies[] =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBHDBIFBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDF"
    "CHECHFCHWCLFCLPCNYCOPCOUCRCCUCCUPCVECZKDJFDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMD"
    "GNFGTQGYDHKDHNLHRKHTGHUFIDRILSINRIQDIRRISKJMDJODJPYKESKGSKHRKMFKPWKRWKWDKYDKZTLAKLBP"
    "LKRLRDLSLLYDMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIONOKNPRNZDOMRPABPEN"
    "PGKPHPPKRPLNPYGQARRONRSDRUBRWFSARSBDSCRSDGSEKSGDSHPSLESLLSOSSRDSSPSTNSVCSYPSZLTHBTJS"
    "TMTTNDTOPTRYTTDTWDTZSUAHUGXUSDUSNUYIUYUUYWUZSVEDVEFVESVNDVUVWSTXADXAFXAGXAUXBAXBBXBC"
    "XBDXCDXCGXDRXOFXPDXPFXPTXSUXUAYERZARZMWZWG";

static const char *const states[] = {
    "AL", "Alabama",
    "AK", "Alaska",
    "AZ", "Arizona",
    "AR", "Arkansas",
    "CA", "California",
    "CO", "Colorado",
    "CT", "Connecticut",
    "DE", "Delaware",
    "DC", "District of Columbia",
    "FL", "Florida",
    "GA", "Georgia",
    "HI", "Hawaii",
    "ID", "Idaho",
    "IL", "Illinois",
    "IN", "Indiana",
    "IA", "Iowa",
    "KS", "Kansas",
    "KY", "Kentucky",
    "LA", "Louisiana",
    "ME", "Maine",
    "MD", "Maryland",
    "MA", "Massachusetts",
    "MI", "Michigan",
    "MN", "Minnesota",
    "MS", "Mississippi",
    "MO", "Missouri",
    "MT", "Montana",
    "NE", "Nebraska",
    "NV", "Nevada",
    "NH", "New Hampshire",
    "NJ", "New Jersey",
    "NM", "New Mexico",
    "NY", "New York",
    "NC", "North Carolina",
    "ND", "North Dakota",
    "OH", "Ohio",
    "OK", "Oklahoma",
    "OR", "Oregon",
    "PA", "Pennsylvania",
    "RI", "Rhode Island",
    "SC", "South Carolina",
    "SD", "South Dakota",
    "TN", "Tennessee",
    "TX", "Texas",
    "UT", "Utah",
    "VT", "Vermont",
    "VA", "Virginia",
    "WA", "Washington",
    "WV", "West Virginia",
    "WI", "Wisconsin",
    "WY", "Wyoming",
    "PR", "Puerto Rico",
    "GU", "Guam",
    "VI", "Virgin Islands",
    "AS", "American Samoa",
    "MP", "Northern Mariana Islands",
};

static bool in_codes(const char *codes, size_t width, const char *text, size_t size)
{
    if (size != width)
        return false;
    for (const char *code = codes; *code; code += width) {
        if (!memcmp(code, text, width))
            return true;
    }
    return false;
}

bool assay_semantic_is_country_code(const char *text, size_t size_bytes)
{
    return in_codes(alpha_2, 2, text, size_bytes) || in_codes(alpha_3, 3, text, size_bytes);
}

bool assay_semantic_is_currency_code(const char *text, size_t size_bytes)
{
    return in_codes(currencies, 3, text, size_bytes);
}

bool assay_semantic_is_us_state(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < ASSAY_COUNT(states); i++) {
        if (strlen(states[i]) == size_bytes && !strncasecmp(states[i], text, size_bytes))
            return size_bytes > 2 || !memcmp(states[i], text, 2);
    }
    return false;
}

/* Shapes of postcodes: 9 a digit, A an upper-case letter. */
static const char *const postcodes[] = {
    "99999",   "99999-9999", "9999",     "999999",    "999 99",   "9999 AA", "9999AA",
    "99-999",  "A9 9AA",     "A99 9AA",  "AA9 9AA",   "AA99 9AA", "A9A 9AA", "AA9A 9AA",
    "A9A 9A9", "A9A9A9",     "999-9999", "99999-999", "9999999",
};

static bool has_shape(const char *shape, const char *text, size_t size)
{
    if (strlen(shape) != size)
        return false;
    for (size_t i = 0; i < size; i++) {
        const bool digit = text[i] >= '0' && text[i] <= '9',
                   letter = text[i] >= 'A' && text[i] <= 'Z';
        if (shape[i] == '9' ? !digit : shape[i] == 'A' ? !letter : shape[i] != text[i])
            return false;
    }
    return true;
}

bool assay_semantic_is_postcode(const char *text, size_t size_bytes)
{
    for (size_t i = 0; i < ASSAY_COUNT(postcodes); i++) {
        if (has_shape(postcodes[i], text, size_bytes))
            return true;
    }
    return false;
}
