// verify_ledger checks an exported ledger (rfc/0004 section 7) with nothing of ours: the Go team's note and tlog
// packages verify every checkpoint, the root at every checkpoint, every inclusion and every consistency proof; the
// standard library verifies the DSSE signature of every entry, and, if -root is given, that the network's root key
// certified the node and the node certified the keys. It accepts exactly the bytes an export is made of: every file
// must be there, none may be there besides, and each proof is formatted again and compared.
//
//	verify_ledger [-root HEX] [-tiles DIRECTORY] DIRECTORY
//	verify_ledger -root HEX -lineage FILE
//
// With -tiles, a C2SP tlog-tiles directory of the same log is checked as well (tiles.go). With -lineage, the history of
// one version over all logs (lineage.go).
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type checkpoint struct {
	size int64
	root tlog.Hash
	note []byte
	keys []string // of the log that signed it, in hex
}

type export struct {
	dir         string
	origin      string
	verifiers   []note.Verifier   // of the log's keys, oldest first
	keys        map[uint32]string // the same keys in hex, by key id
	events      []event           // key events so far
	root        ed25519.PublicKey // of the network; nil if not given
	checkpoints []checkpoint      // by size
	hashes      []tlog.Hash       // as tlog stores them
	leaves      []tlog.Hash
	inclusions  int
	consistency int
	signatures  int
}

func (e *export) read(name string) ([]byte, error) { return os.ReadFile(filepath.Join(e.dir, name)) }

func (e *export) newest() checkpoint { return e.checkpoints[len(e.checkpoints)-1] }

// ReadHashes makes export a tlog.HashReader over the hashes computed from the entries.
func (e *export) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(e.hashes)) {
			return nil, fmt.Errorf("hash %d of %d", i, len(e.hashes))
		}
		out = append(out, e.hashes[i])
	}
	return out, nil
}

func (e *export) readKey() error {
	origin, err := e.read("origin")
	if err != nil {
		return err
	}
	vkey, err := e.read("vkey")
	if err != nil {
		return err
	}
	e.origin = strings.TrimSuffix(string(origin), "\n")
	for _, line := range strings.SplitAfter(string(vkey), "\n") {
		if line == "" {
			break
		}
		verifier, err := note.NewVerifier(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return fmt.Errorf("vkey: %w", err)
		}
		if verifier.Name() != e.origin {
			return fmt.Errorf("vkey is of %q, the origin is %q", verifier.Name(), e.origin)
		}
		if key := strings.Split(line, "+"); key[1] != fmt.Sprintf("%08x", verifier.KeyHash()) {
			return errors.New("vkey: key id is not in lower case hex")
		}
		e.verifiers = append(e.verifiers, verifier)
		raw, _ := base64.StdEncoding.DecodeString(strings.SplitN(strings.TrimSuffix(line, "\n"), "+", 3)[2])
		e.keys[verifier.KeyHash()] = hex.EncodeToString(raw[1:]) // behind the type byte, as the package found it
	}
	if string(origin) != e.origin+"\n" || len(e.verifiers) == 0 || !bytes.HasSuffix(vkey, []byte("\n")) {
		return errors.New("origin is one line, vkey one for each key")
	}
	return nil
}

func (e *export) readCheckpoint(name string) (c checkpoint, err error) {
	if c.note, err = e.read(filepath.Join("checkpoint", name)); err != nil {
		return c, err
	}
	opened, err := note.Open(c.note, note.VerifierList(e.verifiers...))
	if err != nil {
		return c, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != e.origin || lines[1] != name {
		return c, errors.New("not three lines of this log and this size")
	}
	if c.size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || c.size < 1 || strconv.FormatInt(c.size, 10) != name {
		return c, errors.New("bad size")
	}
	if c.root, err = strictHash(lines[2]); err != nil {
		return c, err
	}
	for _, sig := range opened.Sigs {
		if raw, _ := base64.StdEncoding.DecodeString(sig.Base64); base64.StdEncoding.EncodeToString(raw) != sig.Base64 {
			return c, errors.New("signature is not in canonical base64")
		}
		c.keys = append(c.keys, e.keys[sig.Hash])
	}
	return c, nil
}

func (e *export) readCheckpoints() error {
	files, err := os.ReadDir(filepath.Join(e.dir, "checkpoint"))
	if err != nil {
		return err
	}
	for _, file := range files {
		c, err := e.readCheckpoint(file.Name())
		if err != nil {
			return fmt.Errorf("checkpoint/%s: %w", file.Name(), err)
		}
		e.checkpoints = append(e.checkpoints, c)
	}
	if len(e.checkpoints) == 0 {
		return errors.New("no checkpoint")
	}
	sort.Slice(e.checkpoints, func(i, j int) bool { return e.checkpoints[i].size < e.checkpoints[j].size })
	return nil
}

func (e *export) readEntries() error {
	for i := int64(0); i < e.newest().size; i++ {
		name := fmt.Sprintf("entry/%d", i)
		leaf, err := e.read(name)
		if err != nil {
			return err
		}
		stored, err := tlog.StoredHashes(i, leaf, e)
		if err != nil {
			return err
		}
		e.hashes = append(e.hashes, stored...)
		e.leaves = append(e.leaves, tlog.RecordHash(leaf))
		key, err := e.checkEnvelope(leaf)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := e.checkKey(leaf, i, key); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e.signatures++
	}
	for _, c := range e.checkpoints {
		root, err := tlog.TreeHash(c.size, e)
		if err != nil {
			return err
		}
		if root != c.root {
			return fmt.Errorf("checkpoint/%d: the entries have another root", c.size)
		}
		may := false
		for _, key := range c.keys {
			may = may || maySignTree(e.events, c.size, key)
		}
		if !may {
			return fmt.Errorf("checkpoint/%d: signed by a key that was not the log's then", c.size)
		}
	}
	return nil
}

func (e *export) checkInclusions() error {
	newest := e.newest()
	for i := int64(0); i < newest.size; i++ {
		name := fmt.Sprintf("inclusion/%d", i)
		text, err := e.read(name)
		if err != nil {
			return err
		}
		header := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", i)
		proof, err := hashLines(text, header, "\n"+string(newest.note))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := tlog.CheckRecord(proof, newest.size, newest.root, i, e.leaves[i]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e.inclusions++
	}
	return nil
}

func (e *export) checkConsistency() error {
	for i := 1; i < len(e.checkpoints); i++ {
		a, b := e.checkpoints[i-1], e.checkpoints[i]
		name := fmt.Sprintf("consistency/%d-%d", a.size, b.size)
		text, err := e.read(name)
		if err != nil {
			return err
		}
		proof, err := hashLines(text, fmt.Sprintf("consistency %d %d\n", a.size, b.size), "")
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := tlog.CheckTree(proof, b.size, b.root, a.size, a.root); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		e.consistency++
	}
	return nil
}

func (e *export) checkCounts() error {
	want := map[string]int{"entry": len(e.leaves), "inclusion": e.inclusions, "consistency": e.consistency}
	for part, count := range want {
		files, err := os.ReadDir(filepath.Join(e.dir, part))
		if err != nil {
			return err
		}
		if len(files) != count {
			return fmt.Errorf("%s/ has %d files, the checkpoints call for %d", part, len(files), count)
		}
	}
	return nil
}

// The credential a node carries (rfc/0006): two certificates of magic, version, key, validity and signature.
const certificateBytes = 117

func certifiedKey(certificate []byte, magic string, issuer ed25519.PublicKey) (ed25519.PublicKey, error) {
	body, signature := certificate[:certificateBytes-64], certificate[certificateBytes-64:]
	if string(body[:4]) != magic || body[4] != 1 {
		return nil, errors.New("not a certificate of kind " + magic)
	}
	if issuer != nil && !ed25519.Verify(issuer, body, signature) {
		return nil, errors.New("certificate " + magic + " has a bad signature")
	}
	return ed25519.PublicKey(body[5:37]), nil
}

// operationalKey walks from the network's root key to the key that signs.
func (e *export) operationalKey(credential []byte) (ed25519.PublicKey, error) {
	if len(credential) != 2*certificateBytes {
		return nil, errors.New("credential has the wrong length")
	}
	identity, err := certifiedKey(credential[:certificateBytes], "AIPN", e.root)
	if err != nil {
		return nil, err
	}
	address := sha256.Sum256(append([]byte("aipacket node v1"), identity...))
	if !strings.HasSuffix(e.origin, hex.EncodeToString(address[:8])) {
		return nil, errors.New("signed by another node than the one whose log this is")
	}
	return certifiedKey(credential[certificateBytes:], "AIPO", identity)
}

// checkEnvelope: the DSSE signature is that of the key in the statement's credential, which it returns in hex.
func (e *export) checkEnvelope(leaf []byte) (string, error) {
	var envelope struct {
		PayloadType string
		Payload     []byte
		Signatures  []struct{ Sig []byte }
	}
	if err := json.Unmarshal(leaf, &envelope); err != nil {
		return "", err
	}
	var statement struct {
		Type          string `json:"_type"`
		PredicateType string
		Predicate     struct{ Credential, Key string }
	}
	if err := json.Unmarshal(envelope.Payload, &statement); err != nil {
		return "", err
	}
	isKey := statement.PredicateType == keyPredicate
	if statement.Type != "https://in-toto.io/Statement/v1" || !isKey && statement.PredicateType != "https://aipacket.dev/mfd/hop/v1" {
		return "", errors.New("not an in-toto statement about a hop or a key")
	}
	credential, err := hex.DecodeString(statement.Predicate.Credential)
	if err != nil {
		return "", err
	}
	key, err := e.operationalKey(credential)
	if err != nil {
		return "", err
	}
	if isKey && statement.Predicate.Key != hex.EncodeToString(key) {
		return "", errors.New("a key event is signed by another key than it names")
	}
	message := fmt.Sprintf("DSSEv1 %d %s %d %s", len(envelope.PayloadType), envelope.PayloadType, len(envelope.Payload), envelope.Payload)
	for _, signature := range envelope.Signatures {
		if ed25519.Verify(key, []byte(message), signature.Sig) {
			return hex.EncodeToString(key), nil
		}
	}
	return "", errors.New("no DSSE signature verifies")
}

// checkKey: the entry is signed by the key that was the valid one there, its own if it is a key event.
func (e *export) checkKey(leaf []byte, index int64, key string) error {
	var says predicate
	_, isKey, err := says.read(leaf)
	if err != nil {
		return err
	}
	if isKey {
		next := event{index, says.Number, says.Key, says.Previous}
		if err := follows(e.events, next); err != nil {
			return err
		}
		e.events = append(e.events, next)
	}
	if valid := validAt(e.events, index); valid != "" && valid != key {
		return errors.New("signed by a key that was not the valid one at this place of the log")
	}
	return nil
}

func strictHash(text string) (tlog.Hash, error) {
	hash, err := tlog.ParseHash(text)
	if err == nil && hash.String() != text {
		err = errors.New("hash is not in canonical base64")
	}
	return hash, err
}

// hashLines reads the hashes between a header and a trailer, and demands that nothing else is there.
func hashLines(text []byte, header, trailer string) ([]tlog.Hash, error) {
	if !bytes.HasPrefix(text, []byte(header)) || !bytes.HasSuffix(text, []byte(trailer)) || len(text) < len(header)+len(trailer) {
		return nil, errors.New("not a proof of this entry and this checkpoint")
	}
	var hashes []tlog.Hash
	for middle := string(text[len(header) : len(text)-len(trailer)]); middle != ""; {
		end := strings.IndexByte(middle, '\n')
		if end < 0 {
			return nil, errors.New("a line has no end")
		}
		hash, err := strictHash(middle[:end])
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
		middle = middle[end+1:]
	}
	return hashes, nil
}

func verify(dir string, root ed25519.PublicKey) (*export, error) {
	e := &export{dir: dir, root: root, keys: map[uint32]string{}}
	for _, step := range []func() error{
		e.readKey, e.readCheckpoints, e.readEntries, e.checkInclusions, e.checkConsistency, e.checkCounts,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return e, nil
}

func main() {
	rootHex := flag.String("root", "", "the network's root public key in hex")
	tilesDir := flag.String("tiles", "", "a tlog-tiles directory of the same log")
	lineageFile := flag.String("lineage", "", "a lineage bundle; wants -root")
	flag.Parse()
	if *lineageFile == "" && flag.NArg() != 1 || *lineageFile != "" && (*rootHex == "" || flag.NArg() != 0) {
		fmt.Fprintln(os.Stderr, "usage: verify_ledger [-root HEX] [-tiles DIRECTORY] DIRECTORY\n       verify_ledger -root HEX -lineage FILE")
		os.Exit(2)
	}
	var root ed25519.PublicKey
	if *rootHex != "" {
		raw, err := hex.DecodeString(*rootHex)
		if err != nil || len(raw) != ed25519.PublicKeySize {
			fmt.Fprintln(os.Stderr, "verify_ledger: -root is not 32 bytes in hex")
			os.Exit(2)
		}
		root = raw
	}
	if *lineageFile != "" {
		said, err := verifyLineage(*lineageFile, root)
		if err != nil {
			fmt.Fprintf(os.Stderr, "verify_ledger: FAILED: %s: %v\n", *lineageFile, err)
			os.Exit(1)
		}
		fmt.Println(said)
		return
	}
	e, err := verify(flag.Arg(0), root)
	if err != nil {
		fmt.Fprintf(os.Stderr, "verify_ledger: FAILED: %s: %v\n", flag.Arg(0), err)
		os.Exit(1)
	}
	tilesSaid := ""
	if *tilesDir != "" {
		if tilesSaid, err = e.verifyTiles(*tilesDir); err != nil {
			fmt.Fprintf(os.Stderr, "verify_ledger: FAILED: %s: %v\n", *tilesDir, err)
			os.Exit(1)
		}
	}
	var id [4]byte
	binary.BigEndian.PutUint32(id[:], e.verifiers[len(e.verifiers)-1].KeyHash())
	certified := "not checked against a network root"
	if root != nil {
		certified = "certified by the network root"
	}
	fmt.Printf("%s: key %x, %d entries, %d signatures (%s), %d checkpoints, %d inclusion proofs, %d consistency proofs: all good\n",
		e.origin, id, len(e.leaves), e.signatures, certified, len(e.checkpoints), e.inclusions, e.consistency)
	if tilesSaid != "" {
		fmt.Println(tilesSaid)
	}
}
