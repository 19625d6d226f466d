package probe

import (
	"crypto/sha1"
	"crypto/sha256"
)

// prove answers a server's challenge with the password, in the way that a plugin wants.
func (m *mysql) prove(plugin string, nonce []byte, password string) ([]byte, error) {
	switch plugin {
	case "mysql_native_password":
		return nativeProof(nonce, password), nil
	case "caching_sha2_password":
		return cachingProof(nonce, password), nil
	}
	return nil, &Failure{Stage: Authentication, Reason: "the server asks for an authentication plugin that is not supported"}
}

// nativeProof is SHA1(password) XOR SHA1(nonce + SHA1(SHA1(password))); nothing for no password.
func nativeProof(nonce []byte, password string) []byte {
	if password == "" {
		return nil
	}
	once := sha1.Sum([]byte(password))
	twice := sha1.Sum(once[:])
	mask := sha1.Sum(append(append([]byte{}, nonce...), twice[:]...))
	return xor(once[:], mask[:])
}

// cachingProof is SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce); nothing for no password.
func cachingProof(nonce []byte, password string) []byte {
	if password == "" {
		return nil
	}
	once := sha256.Sum256([]byte(password))
	twice := sha256.Sum256(once[:])
	mask := sha256.Sum256(append(twice[:], nonce...))
	return xor(once[:], mask[:])
}

func xor(a, b []byte) []byte {
	out := make([]byte, len(a))
	for i := range a {
		out[i] = a[i] ^ b[i]
	}
	return out
}
