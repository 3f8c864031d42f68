// Asks gitleaks itself what its rules find: gitleaks_oracle FOLDER SEED
//
// It writes gitleaks' own default rules to FOLDER/gitleaks.toml, texts made from each rule's expression to
// FOLDER/texts, the list of them to FOLDER/manifest.tsv, and what gitleaks finds in each to
// FOLDER/expected.json.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"log"
	"math/rand"
	"os"
	"path/filepath"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/zricethezav/gitleaks/v8/config"
	"github.com/zricethezav/gitleaks/v8/detect"
)

const samplesPerRule = 10

// finding is one secret that gitleaks reports; lines are counted from 0.
type finding struct {
	File   string `json:"file"`
	Rule   string `json:"rule"`
	Line   int    `json:"line"`
	Sha256 string `json:"sha256"`
}

type text struct {
	path    string // what the rules see
	content string
}

// sample writes one string for an expression.
func sample(random *rand.Rand, pattern string) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		log.Fatalf("%s: %v", pattern, err)
	}
	var written strings.Builder
	generate(random, parsed, &written)
	return written.String()
}

// nearMiss spoils a string: one character gone, doubled, or glued to its ends.
func nearMiss(random *rand.Rand, whole string) string {
	if whole == "" {
		return whole
	}
	at := random.Intn(len(whole))
	switch random.Intn(5) {
	case 0:
		return whole[:at] + whole[at+1:]
	case 1:
		return whole[:at] + whole[at:at+1] + whole[at:]
	case 2:
		return "x" + whole
	case 3:
		return whole + "x9"
	}
	return whole[:at] + "\xff" + whole[at+1:]
}

// inContext puts strings where one meets them.
func inContext(random *rand.Rand, whole string, keyword string) string {
	before := []string{"", "# settings\n", "a: 1\n\n\n", "\u00fcber\r\n", "caf\xe9 \xff\xfe\n", "\x00\x01\n", "{\n",
		"LICENSE = \"x\"\n"}
	frames := []string{"%s\n", "%s", "\"%s\"\n", "'%s';\n", " %s ", "key=%s\n", "token: \"%s\",\n", "export X='%s'\n",
		"%s\r\n", "`%s`",
		"\xe9%s\xe9\n", "\u00e9%s\u00e9\n", "%s\\n", "<a>%s</a>", "\n\n%s\n\n", "(%s)\n%[1]s\n", "x\n%s %[1]s\nend"}
	// The keyword stands in a line of its own, so that the expression is tried even where the string lost it.
	return keyword + "\n" + before[random.Intn(len(before))] + fmt.Sprintf(frames[random.Intn(len(frames))], whole)
}

func pathsFor(random *rand.Rand, rule config.Rule) []string {
	paths := []string{"", "src/main.go", "deploy/values.yaml", "recipes/a.bb", "notes.md", "node_modules/a/index.js",
		"a/logo.PNG", "vendor/modules.txt"}
	if rule.Path == nil {
		return paths[:5+random.Intn(4)]
	}
	return []string{"a/b/" + sample(random, rule.Path.String()), sample(random, rule.Path.String()), "src/main.go"}
}

func textsFor(rule config.Rule, seed int64) []text {
	id := fnv.New64a()
	id.Write([]byte(rule.RuleID))
	random := rand.New(rand.NewSource(seed ^ int64(id.Sum64()>>1)))
	paths := pathsFor(random, rule)
	var texts []text
	for range samplesPerRule {
		whole := "no expression"
		if rule.Regex != nil {
			whole = sample(random, rule.Regex.String())
		}
		keyword := ""
		if len(rule.Keywords) > 0 {
			keyword = rule.Keywords[random.Intn(len(rule.Keywords))]
		}
		for _, one := range []string{whole, nearMiss(random, whole)} {
			texts = append(texts, text{paths[random.Intn(len(paths))], inContext(random, one, keyword)})
		}
	}
	return texts
}

func findingsIn(detector *detect.Detector, file string, one text) []finding {
	var found []finding
	for _, f := range detector.Detect(detect.Fragment{Raw: one.content, FilePath: one.path}) {
		digest := sha256.Sum256([]byte(f.Secret))
		found = append(found, finding{file, f.RuleID, f.StartLine, hex.EncodeToString(digest[:])})
	}
	return found
}

func write(path string, content []byte) {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		log.Fatal(err)
	}
}

func main() {
	folder := os.Args[1]
	seed, err := strconv.ParseInt(os.Args[2], 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	detector, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		log.Fatal(err)
	}
	detector.MaxDecodeDepth = 0

	texts := filepath.Join(folder, "texts")
	if err := os.MkdirAll(texts, 0o700); err != nil {
		log.Fatal(err)
	}
	var manifest strings.Builder
	expected := []finding{}
	for number, rule := range detector.Config.GetOrderedRules() {
		for index, one := range textsFor(rule, seed) {
			file := filepath.Join(texts, fmt.Sprintf("%03d-%02d", number, index))
			one.path = strings.NewReplacer("\t", "", "\n", "").Replace(one.path)
			write(file, []byte(one.content))
			fmt.Fprintf(&manifest, "%s\t%s\n", file, one.path)
			expected = append(expected, findingsIn(detector, file, one)...)
		}
	}
	write(filepath.Join(folder, "gitleaks.toml"), []byte(config.DefaultConfig))
	write(filepath.Join(folder, "manifest.tsv"), []byte(manifest.String()))
	encoded, err := json.Marshal(map[string]any{"rules": len(detector.Config.Rules), "findings": expected})
	if err != nil {
		log.Fatal(err)
	}
	write(filepath.Join(folder, "expected.json"), encoded)
}
