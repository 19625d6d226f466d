package material_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/bindery-project/bindery/internal/api/kmsapi"
	"github.com/bindery-project/bindery/internal/service/kms/material"
)

const owner, other = "111122223333", "444455556666"

func symmetric(t testing.TB) *material.Key {
	t.Helper()
	return made(t, kmsapi.KeySpecSymmetricDefault)
}

func made(t testing.TB, spec string) *material.Key {
	t.Helper()
	raw, err := material.Generate(spec)
	if err != nil {
		t.Fatal(err)
	}
	k, err := material.Open(spec, raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestOpensWithAllThatItIsBoundTo, and with nothing else, whatever plaintext and context are.
func TestOpensWithAllThatItIsBoundTo(t *testing.T) {
	k := symmetric(t)
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "plain")
		context := rapid.MapOfN(rapid.String(), rapid.String(), 0, 4).Draw(t, "context")
		name := material.Name{Key: uuid.New(), Version: rapid.Uint32().Draw(t, "version")}
		sealed, err := k.Encrypt(name, owner, context, plain)
		if err != nil || len(sealed) != len(plain)+material.Overhead {
			t.Fatalf("%d bytes, %v", len(sealed), err)
		}
		if got, ok := material.NameOf(sealed); !ok || got != name {
			t.Fatalf("named %v", got)
		}
		got, err := k.Decrypt(sealed, owner, context)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("got %q, %v", got, err)
		}
		changed := maps.Clone(context)
		if changed == nil {
			changed = map[string]string{}
		}
		changed[rapid.String().Draw(t, "name")] = rapid.String().Draw(t, "value")
		if _, err := k.Decrypt(sealed, owner, changed); err == nil && !maps.Equal(context, changed) {
			t.Fatal("opened with another context")
		}
	})
}

// TestContextsDoNotRunIntoEachOther: names and values that are the same when joined.
func TestContextsDoNotRunIntoEachOther(t *testing.T) {
	k := symmetric(t)
	contexts := []map[string]string{
		nil, {"": ""}, {"a": "bc"}, {"ab": "c"}, {"a": "b", "c": ""}, {"a": "", "b": "c"}, {"abc": ""}, {"": "abc"}, {"a": "b", "c": "d"}, {"a": "bcd"}, {"c": "b", "a": "d"},
	}
	for i, sealing := range contexts {
		sealed, err := k.Encrypt(material.Name{}, owner, sealing, []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		for j, opening := range contexts {
			if _, err := k.Decrypt(sealed, owner, opening); (err == nil) != (i == j) {
				t.Errorf("sealed with %v, opened with %v: %v", sealing, opening, err)
			}
		}
	}
}

// TestMillionMutations changes ciphertexts in every way that somebody without the key can: bits
// flipped, bytes cut and added at both ends and inside, parts of two ciphertexts put together,
// another key, account, version or context. None opens.
func TestMillionMutations(t *testing.T) {
	count := 1_000_000
	if testing.Short() {
		count = 50_000
	}
	keys := []*material.Key{symmetric(t), symmetric(t)}
	r := mathrand.New(mathrand.NewPCG(1, 2))
	kinds := map[int]int{}
	for n := range count {
		plain := []byte("0123456789abcdef"[:1+n%16])
		context := map[string]string{"n": string(plain)}
		a, err := keys[0].Encrypt(material.Name{Key: uuid.UUID{1}, Version: 1}, owner, context, plain)
		if err != nil {
			t.Fatal(err)
		}
		kind := n % 11
		kinds[kind]++
		key, account, bad := keys[0], owner, slices.Clone(a)
		switch at := r.IntN(len(a)); kind {
		case 0:
			bad[at] ^= 1 << r.IntN(8)
		case 1:
			bad = bad[:at]
		case 2:
			bad = append(bad, byte(r.IntN(256)))
		case 3:
			bad = bad[1+r.IntN(len(bad)-1):]
		case 4:
			bad = slices.Insert(bad, at, byte(r.IntN(256)))
		case 5:
			bad = slices.Delete(bad, at, at+1)
		case 6:
			b, err := keys[0].Encrypt(material.Name{Key: uuid.UUID{1}, Version: 1}, owner, context, plain)
			if err != nil {
				t.Fatal(err)
			}
			at = 21 + r.IntN(len(a)-22) // behind the header, which is the same
			bad = append(bad[:at], b[at:]...)
			if bytes.Equal(bad, a) || bytes.Equal(bad, b) {
				continue
			}
		case 7:
			account = other
		case 8:
			key = keys[1]
		case 9:
			bad[20]++ // the version
		case 10:
			context = []map[string]string{nil, {"N": string(plain)}, {"n": string(plain), "m": ""}, {"n": string(plain) + " "}}[r.IntN(4)]
		}
		if _, err := key.Decrypt(bad, account, context); !errors.Is(err, material.ErrInvalid) {
			t.Fatalf("mutation %d of kind %d opened: %v", n, kind, err)
		}
	}
	if len(kinds) != 11 {
		t.Fatalf("kinds tried: %v", kinds)
	}
	t.Logf("%d mutations refused", count)
}

// TestSignaturesAreOthersToo: what we sign the standard library verifies with the public key alone.
func TestSignaturesAreOthersToo(t *testing.T) {
	sum := sha256.Sum256([]byte("message"))
	for spec, algorithm := range map[string]string{
		kmsapi.KeySpecRsa2048: kmsapi.SigningAlgorithmSpecRsassaPssSha256, kmsapi.KeySpecEccNistP256: kmsapi.SigningAlgorithmSpecEcdsaSha256,
	} {
		k := made(t, spec)
		signature, err := k.Sign(algorithm, "", []byte("message"))
		if err != nil {
			t.Fatal(err)
		}
		der, err := k.Public()
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			t.Fatal(err)
		}
		valid := false
		switch p := public.(type) {
		case *rsa.PublicKey:
			valid = rsa.VerifyPSS(p, crypto.SHA256, sum[:], signature, nil) == nil
			sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, p, []byte("to us"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := k.DecryptRSA(kmsapi.EncryptionAlgorithmSpecRsaesOaepSha256, sealed); err != nil || string(plain) != "to us" {
				t.Errorf("what others encrypt: %q, %v", plain, err)
			}
		case *ecdsa.PublicKey:
			valid = ecdsa.VerifyASN1(p, sum[:], signature)
		}
		if !valid {
			t.Errorf("%s: not valid", spec)
		}
		if err := k.Verify(algorithm, kmsapi.MessageTypeDigest, sum[:], signature); err != nil {
			t.Errorf("%s: by digest: %v", spec, err)
		}
	}
}

// TestKnownCode is case 2 of RFC 4231, with the key made as long as HMAC_256 wants it by zeros,
// which HMAC adds by itself.
func TestKnownCode(t *testing.T) {
	raw := append([]byte("Jefe"), make([]byte, 28)...)
	k, err := material.Open(kmsapi.KeySpecHmac256, raw)
	if err != nil {
		t.Fatal(err)
	}
	mac, err := k.Mac(kmsapi.MacAlgorithmSpecHmacSha256, []byte("what do ya want for nothing?"))
	want := []byte{0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7}
	if err != nil || !bytes.HasPrefix(mac, want) {
		t.Fatalf("%x, %v", mac, err)
	}
}

// TestEverySpec makes and opens material of every spec, which refuses what it is not for.
func TestEverySpec(t *testing.T) {
	for _, name := range []string{
		kmsapi.KeySpecSymmetricDefault, kmsapi.KeySpecRsa2048, kmsapi.KeySpecEccNistP256, kmsapi.KeySpecEccNistP384, kmsapi.KeySpecEccNistP521,
		kmsapi.KeySpecHmac224, kmsapi.KeySpecHmac256, kmsapi.KeySpecHmac384, kmsapi.KeySpecHmac512,
	} {
		spec, ok := material.SpecOf(name)
		if !ok || len(spec.Usages()) == 0 {
			t.Fatalf("%s is not known", name)
		}
		k := made(t, name)
		public, err := k.Public()
		if err != nil || (public != nil) != (len(spec.Signing) > 0) {
			t.Errorf("%s: public key %x, %v", name, public, err)
		}
		if _, err := k.Encrypt(material.Name{}, owner, nil, []byte("x")); (err == nil) != spec.Symmetric() {
			t.Errorf("%s: Encrypt: %v", name, err)
		}
		if _, err := k.Mac(kmsapi.MacAlgorithmSpecHmacSha256, nil); (err == nil) != (len(spec.Mac) > 0) {
			t.Errorf("%s: Mac: %v", name, err)
		}
		if _, err := material.Open(name, []byte("short")); err == nil {
			t.Errorf("%s: opened five bytes", name)
		}
	}
	for _, name := range []string{"SM2", "ECC_SECG_P256K1", ""} {
		if _, ok := material.SpecOf(name); ok {
			t.Errorf("%q is known", name)
		}
		if _, err := material.Generate(name); err == nil {
			t.Errorf("%q was made", name)
		}
	}
}

func BenchmarkDecrypt(b *testing.B) {
	k := symmetric(b)
	sealed, err := k.Encrypt(material.Name{}, owner, map[string]string{"a": "b"}, make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := k.Decrypt(sealed, owner, map[string]string{"a": "b"}); err != nil {
			b.Fatal(err)
		}
	}
}
