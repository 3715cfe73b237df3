// verify_cosignatures checks a cosigned checkpoint (rfc/0014 section 2) with the Go team's note package and the
// standard library: the log's signature, and the cosignature of every witness that is named. Nothing of it is ours but
// the reading of a C2SP cosignature, type 0x04.
//
//	verify_cosignatures CHECKPOINT LOG-VKEY WITNESS-VKEY...
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }
func (w witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s", binary.BigEndian.Uint64(signature), text)
	return ed25519.Verify(w.key, []byte(message), signature[8:])
}

func newWitness(vkey string) (note.Verifier, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, errors.New("not a verifier key: " + vkey)
	}
	typed, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(typed) != 1+ed25519.PublicKeySize || typed[0] != 4 {
		return nil, errors.New("not the key of a witness, type 4: " + vkey)
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), typed...))
	hash := binary.BigEndian.Uint32(id[:4])
	if fmt.Sprintf("%08x", hash) != parts[1] {
		return nil, errors.New("verifier key has the wrong key id: " + vkey)
	}
	return witness{parts[0], hash, typed[1:]}, nil
}

func run(file, log string, witnesses []string) error {
	signed, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(log)
	if err != nil {
		return err
	}
	verifiers := []note.Verifier{verifier}
	for _, vkey := range witnesses {
		w, err := newWitness(vkey)
		if err != nil {
			return err
		}
		verifiers = append(verifiers, w)
	}
	opened, err := note.Open(signed, note.VerifierList(verifiers...))
	if err != nil {
		return err
	}
	if len(opened.Sigs) != len(verifiers) {
		return fmt.Errorf("%d of %d keys have signed", len(opened.Sigs), len(verifiers))
	}
	fmt.Printf("%s: signed by the log and %d witnesses\n", strings.SplitN(opened.Text, "\n", 2)[0], len(witnesses))
	return nil
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: verify_cosignatures CHECKPOINT LOG-VKEY WITNESS-VKEY...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintf(os.Stderr, "verify_cosignatures: FAILED: %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
