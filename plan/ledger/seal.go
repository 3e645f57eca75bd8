package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"filippo.io/age"

	"flowctl/plan"
)

// Seal encrypts what is kept, in the format of age (age-encryption.org/v1), so
// that the age program reads it too. With a passphrase, a key of its own lies
// beside the ledger, encrypted with the passphrase: deriving a key takes a
// second, and is done once per run.
type Seal struct {
	Passphrase string
	Key        string // an age identity, AGE-SECRET-KEY-1…; instead of a passphrase

	once sync.Mutex
	id   *age.X25519Identity
}

const (
	keyBlob = "key.age"
	work    = 16 // of scrypt: about a quarter of a second
)

// close encrypts b; nil seals nothing.
func (s *Seal) close(ctx context.Context, store plan.Store, b []byte) ([]byte, error) {
	if s == nil {
		return b, nil
	}
	id, err := s.identity(ctx, store)
	if err != nil {
		return nil, err
	}
	return encrypt(b, id.Recipient())
}

// open decrypts b.
func (s *Seal) open(ctx context.Context, store plan.Store, b []byte) ([]byte, error) {
	sealed := bytes.HasPrefix(b, []byte("age-encryption.org/"))
	switch {
	case s == nil && sealed:
		return nil, errors.New("it is encrypted; give the state block its passphrase or key in an encryption block")
	case s == nil || !sealed: // written before encryption was asked for
		return b, nil
	}
	id, err := s.identity(ctx, store)
	if err != nil {
		return nil, err
	}
	out, err := decrypt(b, id)
	if err != nil {
		return nil, fmt.Errorf("decrypt: %w; is it the right key?", err)
	}
	return out, nil
}

// identity is the key, of the file or beside the ledger, which is made for the
// first write.
func (s *Seal) identity(ctx context.Context, store plan.Store) (*age.X25519Identity, error) {
	s.once.Lock()
	defer s.once.Unlock()
	if s.id != nil {
		return s.id, nil
	}
	var err error
	if s.Key != "" {
		if s.id, err = age.ParseX25519Identity(s.Key); err != nil {
			return nil, errors.New("the encryption key is no age identity; age-keygen makes one")
		}
		return s.id, nil
	}
	b, _, err := store.Get(ctx, keyBlob)
	if errors.Is(err, plan.ErrNotFound) {
		b, err = s.newKey(ctx, store)
	}
	if err != nil {
		return nil, fmt.Errorf("read the encryption key: %w", err)
	}
	s.id, err = s.unwrap(b)
	return s.id, err
}

func (s *Seal) unwrap(b []byte) (*age.X25519Identity, error) {
	phrase, err := age.NewScryptIdentity(s.Passphrase)
	if err != nil {
		return nil, fmt.Errorf("passphrase: %w", err)
	}
	phrase.SetMaxWorkFactor(20)
	text, err := decrypt(b, phrase)
	if err != nil {
		return nil, errors.New("the passphrase is not the one that the state was encrypted with")
	}
	return age.ParseX25519Identity(string(text))
}

// newKey makes a key; of two runs that do so the first one's counts.
func (s *Seal) newKey(ctx context.Context, store plan.Store) ([]byte, error) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	phrase, err := age.NewScryptRecipient(s.Passphrase)
	if err != nil {
		return nil, err
	}
	phrase.SetWorkFactor(work)
	b, err := encrypt([]byte(id.String()), phrase)
	if err != nil {
		return nil, err
	}
	if _, err = store.Put(ctx, keyBlob, b, plan.Condition{New: true}); errors.Is(err, plan.ErrChanged) {
		b, _, err = store.Get(ctx, keyBlob)
	}
	return b, err
}

func encrypt(b []byte, to age.Recipient) ([]byte, error) {
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func decrypt(b []byte, id age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(b), id)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
