package tests

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Where each row of the older extension's vectors is shown: rows by their names, then a file in which every one of them is named; or a
// file, a colon and what it holds for them; or "struck:" and why the row is not adopted. The first table is of rotation, the second of
// providers; names mean rows of their own table.
var rotationVectors = map[string]string{
	"E1 E2 E5 E6 E7 E9 E10 E13 E16 E17 E18 E20 E21 E22 E23 E25 E28 E29 E30 E31 E32 E34 E37 E38 E39 E40 E41 E42 E45": "core/fault/read_test.go",
	"E12":                     "core/fault/read_test.go: daily free allocation of 10,000 neurons",
	"B3 H1 H2 H3 H5 H6 H8":    "core/fault/read_test.go",
	"S1 S3 S4 S5 S8 S9":       "core/pool/vectors_test.go",
	"S12 S15 S16 S19 S25 S26": "core/pool/vectors_test.go",
	"S31 S32 S35 S36":         "core/pool/vectors_test.go",
	"S7":                      "struck: lifetime counts starve an account for its past; what is recent counts, and fades",
	"S13":                     "struck: an account nobody knows anything of is neutral, so it goes before one at 99 %",
	"S14":                     "struck: when every account is known to be spent nobody is asked",
	"S20 S22":                 "struck: an account is not owned by one parent: nobody waits half a minute for a free one",
	"S21":                     "struck: children with one prefix stay together while that pays",
	"S23":                     "struck: a cooldown that anybody may end protects nobody; only soft faults give way when all are benched",
	"S27":                     "struck: a pin falls back unless it is strict",
	"S30":                     "core/engine/vectors_test.go",
	"S38":                     "js-loader/test/balancer.test.ts: PI_AGENT_ROUTER_DELEGATED_PROVIDER_ID",
	"S39 N14":                 "tests/e2e/family_test.go: func TestAChildThatIsGivenAnAccountUsesThatOneAndTellsTheOthers",
	"W2":                      "core/pool/vectors_test.go: func TestBalancerWeight",
	"P1":                      "core/health/health_test.go: four answers are too few to tell",
	"P2 P3 P5":                "struck: latency is judged beside the model's own, and an open cooldown does not make an account sick for ever",
	"N1 N2 N4":                "providers/codex/plan_test.go: func TestPlansAndModels",
	"N5 N8 N9 N10":            "core/pool/vectors_test.go",
	"N12":                     "struck: plans are facts of the account; a window at 100 % holds until its reset, however old the look",
	"L2 L3":                   "core/engine/engine_test.go: func TestAFailureBeforeOutputGoesToTheNextAccount",
	"L4":                      "core/engine/engine_test.go: func TestTheRequestsOwnFaultIsShownAsItIs",
	"L5":                      "core/engine/engine_test.go: func TestAfterOutputNothingIsReplayedSilently",
	"L6 L10":                  "struck: a request makes at most eight attempts; Pi's own retry goes on with the others",
	"L8":                      "core/engine/vectors_test.go",
	"L9":                      "core/engine/engine_test.go: func TestAbortTeachesNothing",
	"C4":                      "core/pool/vectors_test.go",
	"C5":                      "core/engine/choosing_test.go: func TestAChainLeadsToAnotherProvider",
	"O1":                      "core/credential_test.go: func TestTheEndOfASecret",
	"O4":                      "tests/refresh/story_test.go: func TestALoginIsRedeemedAtMostOnceAMinute",
	"O6":                      "tests/refresh/story_test.go: func TestATokenThatLastsForAYearWakesNobody",
	"F2":                      "core/engine/keys_test.go: func TestOneAccountUnderTwoNamesIsSaidAndCoolsOnce",
	"F3":                      "core/engine/keys_test.go: func TestAddingIsUndoneAndARemovedAccountComesBack",
	"F4":                      "core/engine/keys_test.go: func TestKeysAreAddedCheckedAndUsed",
	"F5":                      "core/engine/state_test.go: func TestARemovedAccountStaysRemovedUntilItsCredentialIsAnother",
	"F6":                      "tests/e2e/rotation_test.go: func TestProvidersWhoseNamesEndInNumbersAreNotFolded",
	"F7 F9 F10":               "core/store/upgrade_test.go: func TestUpgrade",
	"G3":                      "struck: there are no cascades; a bench doubles from the pool's own cooldown and is bounded",
	"G4":                      "struck: there are no weights to set: what is scarce, healthy and idle is counted in whole numbers",
	"G5":                      "struck: there are no history files and no names for them",
	"G6":                      "core/store/tree_test.go: excludeProviders",
	"G7":                      "tests/e2e/damage_test.go: func TestEveryFileDamagedInEveryWayLeavesPiWorkingAndLosesNothing",
}

var providerVectors = map[string]string{
	"C1 C5 C6 C7 C8 C10 C11 C13 C15 C18 C19 C20 C21 C23 C26 C27 C31 C33 C37 C39 C41": "providers/cloudflare/paste_test.go",
	"K1 K4 K5 K6 K7 K8":   "core/paste_test.go",
	"K10 K11 K12 K13 K15": "core/engine/vectors_test.go",
	"K18":                 "tests/testdata/conversations/inspect_keys.txt: Google-Antigravity",
	"D2 D4 D6 D7 D8 D10":  "providers/cloudflare/account_test.go",
	"D11":                 "struck: /user is not asked, since it needs a right that no token for models has; the account's own name is the label",
	"D13":                 "providers/cloudflare/account_test.go: \"Example\"",
	"D14 D15":             "core/engine/vectors_test.go",
	"D17":                 "core/fault/read_test.go: daily free allocation of 10,000 neurons",
	"O1 O8 O10":           "core/override_test.go",
	"O3":                  "core/testdata/urls.jsonl: http://a.localhost",
	"O7":                  "core/testdata/urls.jsonl: u:p@",
	"O5":                  "core/testdata/urls.jsonl: 192.168.1.2",
	"O14":                 "core/engine/vectors_test.go",
	"H1 H2 H4 H5 H6 H8 H11 H14 H16 H17 H18 H19 H20 H21 H22 H24": "core/fault/read_test.go",
	"H13":                                "providers/anthropic/testdata/usage.jsonl",
	"H25":                                "core/engine/vectors_test.go",
	"H27":                                "providers/testdata/faults/openai-codex.txt: \"resets_in_seconds\":12800",
	"M3 M4 M5 M7 M9 M10 M12 M15 M17 M18": "core/fault/read_test.go",
	"M16":                                "core/fault/read_test.go: prompt is too long",
	"U1 U2 U3 U4 U6 U7 U8 U9 U12 U13 U16 U18 U19 U20 U21 U22 U23 U24 U28 U32 U33 U34 U35 U37 U38 U42": "tests/usage_test.go",
	"I1 I2 I4 I5 I10 I11 I12 I15": "core/engine/vectors_test.go",
	"I6 I14":                      "struck: nothing is ever taken out of auth.json, so both entries stay; one account under two names is said and cools once",
	"I8":                          "struck: whether a login is a new account is told by whose it is; a plan that changed is the same account",
	"I13":                         "tests/refresh/login_test.go: func TestAnAccountThatIsThereAlreadyKeepsItsSlot",
	"F2 F3 F4 F8 F9 F11 F14 F16 F17 F18 F19 F21 F22 F24 F25 F27 F38 F39": "tests/refresh/login_test.go",
	"F29":                        "struck: Pi renews the logins of Codex; what it says is read for people (core/oauth/oauth_test.go)",
	"F30 F31":                    "core/oauth/oauth_test.go: already been used to generate a new access token",
	"F32":                        "core/oauth/oauth_test.go: an error that is an object",
	"F35":                        "struck: Pi renews the logins of Codex and takes the lifetime of the reply",
	"F36":                        "core/oauth/oauth_test.go: (F36)",
	"P2 P3 P7 P8 P9 P10 P11 P12": "core/fault/probe_test.go",
}

// The rows of the two tables, in their order.
const (
	rotationRows = `E1 E2 E5 E6 E7 E9 E10 E12 E13 E16 E17 E18 E20 E21 E22 E23 E25 E28 E29 E30 E31 E32 E34 E37 E38 E39 E40 E41 E42 E45
		B3 H1 H2 H3 H5 H6 H8 S1 S3 S4 S5 S7 S8 S9 S12 S13 S14 S15 S16 S19 S20 S21 S22 S23 S25 S26 S27 S30 S31 S32 S35 S36 S38 S39
		W2 P1 P2 P3 P5 N1 N2 N4 N5 N8 N9 N10 N12 N14 L2 L3 L4 L5 L6 L8 L9 L10 C4 C5 O1 O4 O6 F2 F3 F4 F5 F6 F7 F9 F10 G3 G4 G5 G6 G7`
	providerRows = `C1 C5 C6 C7 C8 C10 C11 C13 C15 C18 C19 C20 C21 C23 C26 C27 C31 C33 C37 C39 C41 K1 K4 K5 K6 K7 K8 K10 K11 K12 K13 K15 K18
		D2 D4 D6 D7 D8 D10 D11 D13 D14 D15 D17 O1 O3 O5 O7 O8 O10 O14 H1 H2 H4 H5 H6 H8 H11 H13 H14 H16 H17 H18 H19 H20 H21 H22 H24 H25 H27
		M3 M4 M5 M7 M9 M10 M12 M15 M16 M17 M18 U1 U2 U3 U4 U6 U7 U8 U9 U12 U13 U16 U18 U19 U20 U21 U22 U23 U24 U28 U32 U33 U34 U35 U37 U38 U42
		I1 I2 I4 I5 I6 I8 I10 I11 I12 I13 I14 I15 F2 F3 F4 F8 F9 F11 F14 F16 F17 F18 F19 F21 F22 F24 F25 F27 F29 F30 F31 F32 F35 F36 F38 F39
		P2 P3 P7 P8 P9 P10 P11 P12`
)

func TestEveryVectorIsShownOrStruck(t *testing.T) {
	for rows, table := range map[string]map[string]string{rotationRows: rotationVectors, providerRows: providerVectors} {
		where := map[string]string{}
		for names, place := range table {
			for _, row := range strings.Fields(names) {
				assert.Empty(t, where[row], "%s stands twice", row)
				where[row] = place
			}
		}
		for _, row := range strings.Fields(rows) {
			place := where[row]
			delete(where, row)
			if why, struck := strings.CutPrefix(place, "struck: "); struck {
				assert.NotEmpty(t, why, row)
				continue
			}
			file, holds, told := strings.Cut(place, ": ")
			text, err := os.ReadFile("../" + file)
			if !assert.NoError(t, err, row) {
				continue
			}
			found := strings.Contains(string(text), holds)
			if !told {
				found = regexp.MustCompile(`\b` + row + `\b`).Match(text)
			}
			assert.True(t, found, "%s in %s", row, place)
		}
		assert.Empty(t, where, "rows of no table")
	}
}
