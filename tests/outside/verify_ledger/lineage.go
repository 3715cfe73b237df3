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
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// The history of one version over all logs it passed through, from a lineage bundle (rfc/0004 section 7.2) and the
// network's root key. Of every step: the credential, the DSSE signature, that the key was the valid one at that index, the
// inclusion under a checkpoint signed by a key that was the log's then, and where the giver's log is at hand, that the
// tree in which the model was handed over is one of it. Every parent must have been made by somebody who signed for it.
type lineage struct {
	root    ed25519.PublicKey
	version string
	stops   map[string][]stop // by version, in hex
	missing map[string]string // version: why there is no proof
	named   []string          // versions whose manifests are in the bundle: SHA-256 of what only we can read
	logs    map[string]*history
	checked map[string]tree  // by credential and checkpoint: its signatures are checked once
	revoked map[string]int64 // identity in hex: from when, in milliseconds
}

type tree struct {
	size int64
	root tlog.Hash
	key  string // that signed it, in hex
}

// history is what the bundle shows of one log.
type history struct {
	roots  map[int64]tlog.Hash
	events []event // by number
}

type event struct {
	index         int64
	number        int64
	key, previous string
}

type stop struct {
	log   string
	index int64
	tree  tree
	key   string // that signed the entry
	says  predicate
}

type predicate struct {
	Credential, Key, Previous, Node, What, ReceivedFrom string
	Number, TimeMs                                      int64
	Parents                                             []string
	Custody                                             *struct {
		Index, Size int64
		Root        string
	}
}

// passages are said of versions that were made before.
var passages = map[string]bool{"relayed": true, "ended": true, "retired": true, "recreated": true, "rejected": true, "rolled-back": true}

const keyPredicate = "https://aipacket.dev/mfd/key/v1"

const (
	itemStop     = 1
	itemKeyEvent = 2
	itemManifest = 3
	itemMissing  = 4
	itemRevoked  = 5
)

func readLineage(file string, root ed25519.PublicKey) (*lineage, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if len(data) < 37+sha256.Size || string(data[:4]) != "AIPB" || data[4] != 1 {
		return nil, errors.New("not a lineage bundle")
	}
	end := len(data) - sha256.Size
	if digest := sha256.Sum256(data[:end]); !bytes.Equal(digest[:], data[end:]) {
		return nil, errors.New("the bundle is damaged")
	}
	l := &lineage{root: root, version: hex.EncodeToString(data[5:37]), stops: map[string][]stop{},
		missing: map[string]string{}, logs: map[string]*history{}, checked: map[string]tree{}, revoked: map[string]int64{}}
	for items := data[37:end]; len(items) > 0; {
		if len(items) < 5 || len(items)-5 < int(binary.BigEndian.Uint32(items[1:])) {
			return nil, errors.New("the bundle is cut off")
		}
		size := 5 + int(binary.BigEndian.Uint32(items[1:]))
		if err := l.add(items[0], items[5:size]); err != nil {
			return nil, err
		}
		items = items[size:]
	}
	for name, log := range l.logs {
		sort.Slice(log.events, func(i, j int) bool { return log.events[i].number < log.events[j].number })
		for i := range log.events {
			if err := follows(log.events[:i], log.events[i]); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return l, nil
}

func (l *lineage) add(kind byte, item []byte) error {
	if kind == itemMissing && len(item) >= 32 {
		l.missing[hex.EncodeToString(item[:32])] = string(item[32:])
	}
	if kind == itemRevoked {
		return l.addRevocation(item)
	}
	if kind == itemManifest {
		digest := sha256.Sum256(item)
		l.named = append(l.named, hex.EncodeToString(digest[:]))
	}
	if kind != itemStop && kind != itemKeyEvent {
		return nil
	}
	leaf, text, err := splitEntryProof(item)
	if err != nil {
		return err
	}
	s, err := l.open(leaf, text)
	if err != nil {
		return err
	}
	subject, isKey, err := s.says.read(leaf)
	if err != nil {
		return err
	}
	if isKey != (kind == itemKeyEvent) {
		return errors.New("an entry of another kind than the bundle says")
	}
	if s.key, err = (&export{origin: s.log, root: l.root}).checkEnvelope(leaf); err != nil {
		return fmt.Errorf("%s, entry %d: %w", s.log, s.index, err)
	}
	if isKey {
		log := l.logs[s.log]
		log.events = append(log.events, event{s.index, s.says.Number, s.says.Key, s.says.Previous})
		return nil
	}
	l.stops[subject] = append(l.stops[subject], s)
	return nil
}

// addRevocation: the network root's word that an identity counts no more from a time on (rfc/0006 section 8).
func (l *lineage) addRevocation(item []byte) error {
	if len(item) != certificateBytes {
		return errors.New("a revocation has the wrong length")
	}
	subject, err := certifiedKey(item, "AIPR", l.root)
	if err != nil {
		return err
	}
	from, identity := int64(binary.BigEndian.Uint64(item[37:])), hex.EncodeToString(subject)
	if earlier, known := l.revoked[identity]; !known || from < earlier {
		l.revoked[identity] = from
	}
	return nil
}

// checkRevoked: the identity in the step's credential had not been revoked at the time of the step.
func (l *lineage) checkRevoked(s stop) error {
	const identityAt = 2 * 5 // in hex, behind magic and version of the node's certificate
	identity := strings.ToLower(s.says.Credential[identityAt : identityAt+2*ed25519.PublicKeySize])
	if from, known := l.revoked[identity]; known && s.says.TimeMs >= from {
		return fmt.Errorf("identity of %s was revoked by the network root", s.says.Node)
	}
	return nil
}

// splitEntryProof: "AIPE" | 1 | u32 length | leaf | tlog-proof (rfc/0004 section 6).
func splitEntryProof(item []byte) (leaf []byte, text string, err error) {
	if len(item) < 9 || string(item[:4]) != "AIPE" || item[4] != 1 || len(item)-9 < int(binary.BigEndian.Uint32(item[5:])) {
		return nil, "", errors.New("not an entry proof")
	}
	end := 9 + int(binary.BigEndian.Uint32(item[5:]))
	return item[9:end], string(item[end:]), nil
}

// open checks a tlog-proof: the entry is in the tree of a checkpoint that the log's node signed.
func (l *lineage) open(leaf []byte, text string) (s stop, err error) {
	head, checkpoint, found := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return s, errors.New("not a tlog-proof with an extra line")
	}
	credential, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return s, err
	}
	if s.index, err = strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64); err != nil {
		return s, err
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := strictHash(line)
		if err != nil {
			return s, err
		}
		path = append(path, hash)
	}
	s.log, _, _ = strings.Cut(checkpoint, "\n")
	if s.tree, err = l.openTree(s.log, credential, checkpoint); err != nil {
		return s, fmt.Errorf("checkpoint of %s: %w", s.log, err)
	}
	return s, tlog.CheckRecord(path, s.tree.size, s.tree.root, s.index, tlog.RecordHash(leaf))
}

func (l *lineage) openTree(log string, credential []byte, text string) (t tree, err error) {
	name := string(credential) + text
	if t, known := l.checked[name]; known {
		return t, nil
	}
	key, err := (&export{origin: log, root: l.root}).operationalKey(credential)
	if err != nil {
		return t, err
	}
	vkey, err := note.NewEd25519VerifierKey(log, key)
	if err != nil {
		return t, err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return t, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return t, err
	}
	parsed, err := tlog.ParseTree([]byte("go.sum database tree\n" + strings.TrimPrefix(opened.Text, log+"\n")))
	if err != nil {
		return t, err
	}
	t = tree{parsed.N, parsed.Hash, hex.EncodeToString(key)}
	if l.logs[log] == nil {
		l.logs[log] = &history{roots: map[int64]tlog.Hash{}}
	}
	if other, seen := l.logs[log].roots[t.size]; seen && other != t.root {
		return t, fmt.Errorf("two trees of %d entries: the log was forked", t.size)
	}
	l.logs[log].roots[t.size] = t.root
	l.checked[name] = t
	return t, nil
}

// read decodes what a leaf says, and of which subject.
func (p *predicate) read(leaf []byte) (subject string, isKey bool, err error) {
	var envelope struct{ Payload []byte }
	if err = json.Unmarshal(leaf, &envelope); err != nil {
		return "", false, err
	}
	var statement struct {
		PredicateType string
		Predicate     *predicate
		Subject       []struct{ Digest struct{ Sha256 string } }
	}
	statement.Predicate = p
	if err = json.Unmarshal(envelope.Payload, &statement); err != nil {
		return "", false, err
	}
	if len(statement.Subject) != 1 {
		return "", false, errors.New("a statement has one subject")
	}
	return statement.Subject[0].Digest.Sha256, statement.PredicateType == keyPredicate, nil
}

// follows: a key event goes on from those before it, with a key that none of them had.
func follows(events []event, e event) error {
	if n := len(events); e.number != int64(n) || n > 0 && (e.index <= events[n-1].index || e.previous != events[n-1].key) {
		return fmt.Errorf("key event %d does not follow from the one before", e.number)
	}
	for _, before := range events {
		if before.key == e.key {
			return fmt.Errorf("key event %d names a key that was the log's before", e.number)
		}
	}
	return nil
}

// validAt: the key whose event is the last one up to this index; "" before the first.
func validAt(events []event, index int64) (key string) {
	for _, e := range events {
		if e.index <= index {
			key = e.key
		}
	}
	return key
}

func maySignTree(events []event, size int64, key string) bool {
	for i, e := range events {
		last := i+1 == len(events) || size <= events[i+1].index
		if e.key == key && size >= e.index && last {
			return true
		}
	}
	return len(events) == 0 || size < events[0].index
}

// check: the entry's key was the valid one at its index, the checkpoint's at the size of its tree.
func (h *history) check(s stop) error {
	if len(h.events) == 0 {
		return errors.New("the key events of this log are missing")
	}
	if valid := validAt(h.events, s.index); valid != "" && valid != s.key {
		return errors.New("signed by a key that was not the valid one at this place of the log")
	}
	if !maySignTree(h.events, s.tree.size, s.tree.key) {
		return errors.New("its checkpoint is signed by a key that was not the log's then")
	}
	return nil
}

// checkCustody: the giver's entry stands where it proved it, in a tree that its log had at that size, if the bundle knows.
func (l *lineage) checkCustody(version string, s stop) error {
	given := s.says.Custody
	if given == nil {
		return nil
	}
	if len(s.says.Parents) > 0 && !passages[s.says.What] {
		version = s.says.Parents[0]
	}
	seen, stands := false, false
	for _, giver := range l.stops[version] {
		if giver.says.Node != s.says.ReceivedFrom {
			continue
		}
		if root, known := l.logs[giver.log].roots[given.Size]; known && hex.EncodeToString(root[:]) != given.Root {
			return errors.New("the giver showed another tree than its log has: it was forked")
		}
		seen, stands = true, stands || giver.index == given.Index
	}
	if seen && !stands {
		return errors.New("the giver's entry stands elsewhere in its log than it was proven")
	}
	return nil
}

// verify walks from the version back to the origins, each version once.
func (l *lineage) verify() (steps int, err error) {
	seen := map[string]bool{l.version: true}
	for open := []string{l.version}; len(open) > 0; {
		version := open[len(open)-1]
		open = open[:len(open)-1]
		made := false
		for _, s := range l.stops[version] {
			steps++
			if err := l.logs[s.log].check(s); err != nil {
				return steps, fmt.Errorf("%s, entry %d: %w", s.log, s.index, err)
			}
			if err := l.checkRevoked(s); err != nil {
				return steps, fmt.Errorf("%s, entry %d: %w", s.log, s.index, err)
			}
			if err := l.checkCustody(version, s); err != nil {
				return steps, fmt.Errorf("%s, entry %d: %w", s.log, s.index, err)
			}
			if passages[s.says.What] {
				continue
			}
			made = true
			for _, parent := range s.says.Parents {
				if !seen[parent] {
					seen[parent] = true
					open = append(open, parent)
				}
			}
		}
		if !made {
			return steps, fmt.Errorf("version %s: no proof of who made it (%s)", version, l.missing[version])
		}
	}
	for _, version := range l.named {
		if !seen[version] {
			return steps, fmt.Errorf("a manifest in the bundle is of no version of this history: %s", version)
		}
	}
	return steps, nil
}

func verifyLineage(file string, root ed25519.PublicKey) (string, error) {
	l, err := readLineage(file, root)
	if err != nil {
		return "", err
	}
	steps, err := l.verify()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: version %s, %d steps over %d logs, %d checkpoints: all good", file, l.version[:16], steps, len(l.logs), len(l.checked)), nil
}
