#!/bin/sh
# Makes the certificates of the corpus anew, with openssl. They are good for 27 years; the keys are
# thrown away, except those of the clients, which no policy trusts.
set -eu
cd "$(dirname "$0")/corpus"
mkdir -p trust_host trust_pin trust_pin_of trust_ca trust_certificate trust_crl \
    trust_client_certificate trust_known_servers trust_chain
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
key() { openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/$1.key"; }
days='-days 10000'
self() { # name, subject, extensions
    printf '%b' "$3" >"$work/$1.ext"
    openssl req -new -key "$work/$1.key" -subj "$2" -out "$work/$1.csr"
    # shellcheck disable=SC2086
    openssl x509 -req -in "$work/$1.csr" -key "$work/$1.key" -extfile "$work/$1.ext" $days -out "$work/$1.pem"
}
below() { # name, issuer, subject, extensions
    printf '%b' "$4" >"$work/$1.ext"
    openssl req -new -key "$work/$1.key" -subj "$3" -out "$work/$1.csr"
    # shellcheck disable=SC2086
    openssl x509 -req -in "$work/$1.csr" -CA "$work/$2.pem" -CAkey "$work/$2.key" -extfile "$work/$1.ext" \
        $days -out "$work/$1.pem"
}
for name in root sub leaf odd; do key $name; done
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/rsa.key"
ca='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
self root '/O=Seeds/CN=Root' "$ca"
below sub root '/O=Seeds/CN=Intermediate' "${ca}nameConstraints=critical,permitted;DNS:example\n"
below leaf sub '/CN=mail.example' 'subjectAltName=DNS:mail.example,DNS:*.mail.example\nextendedKeyUsage=serverAuth\n'
below odd sub '/CN=odd' 'subjectAltName=IP:127.0.0.1,IP:::1,email:a@example,URI:http://a.example/\ncertificatePolicies=1.2.3.4\n'
self rsa '/CN=mail.example' 'subjectAltName=DNS:mail.example\n'
: >"$work/index"
echo 01 >"$work/number"
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=%s\ncrlnumber=%s\ndefault_md=sha256\ncrl_extensions=x\n[x]\nauthorityKeyIdentifier=keyid\n' \
    "$work/index" "$work/number" >"$work/conf"
for name in root sub; do
    openssl ca -gencrl -config "$work/conf" -cert "$work/$name.pem" -keyfile "$work/$name.key" -crldays 10000 -out "$work/$name.crl"
done
for name in root sub leaf odd rsa; do openssl x509 -in "$work/$name.pem" -outform DER -out "$work/$name.der"; done
cat "$work/leaf.pem" "$work/sub.pem" >trust_chain/good.pem
cat "$work/odd.pem" "$work/sub.pem" "$work/root.pem" >trust_chain/odd.pem
cp "$work/rsa.pem" trust_chain/rsa.pem
cp "$work/leaf.der" trust_chain/leaf.der
cp "$work/root.pem" "$work/root.der" trust_ca
cat "$work/root.pem" "$work/sub.pem" >trust_ca/two.pem
cp "$work/leaf.der" "$work/odd.der" "$work/rsa.der" "$work/odd.pem" trust_certificate
cp "$work/root.crl" trust_crl/root.pem
cat "$work/root.crl" "$work/sub.crl" >trust_crl/two.pem
openssl crl -in "$work/sub.crl" -outform DER -out trust_crl/sub.der
openssl pkey -in "$work/leaf.key" -pubout -out trust_pin_of/key.pem
openssl pkey -in "$work/leaf.key" -pubout -outform DER -out trust_pin_of/key.der
cp "$work/leaf.der" "$work/leaf.pem" trust_pin_of
cp "$work/leaf.pem" trust_client_certificate/chain.pem
cat "$work/leaf.pem" "$work/sub.pem" "$work/root.pem" >trust_chain/with_root.pem
cp "$work/root.pem" trust_chain/root.pem
# Certificates with the same names from a CA without these keys.
for name in root sub leaf; do key "other_$name"; done
self other_root '/O=Seeds/CN=Root' "$ca"
below other_sub other_root '/O=Seeds/CN=Intermediate' "$ca"
below other_leaf other_sub '/CN=mail.example' 'subjectAltName=DNS:mail.example\nextendedKeyUsage=serverAuth\n'
for name in root sub; do
    openssl ca -gencrl -config "$work/conf" -cert "$work/other_$name.pem" -keyfile "$work/other_$name.key" \
        -crldays 10000 -out "$work/other_$name.crl"
done
cat "$work/other_leaf.pem" "$work/other_sub.pem" >trust_chain/forged.pem
cat "$work/other_root.crl" "$work/other_sub.crl" >trust_crl/forged.pem
cp "$work/other_root.pem" trust_ca/other.pem
# A client's chain and key, of each kind, and one with another's key.
key p256
openssl genpkey -quiet -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$work/p384.key"
openssl genpkey -quiet -algorithm ed25519 -out "$work/ed25519.key"
for name in p256 p384 ed25519 rsa; do
    self $name '/CN=client' 'extendedKeyUsage=clientAuth\n'
    cat "$work/$name.pem" "$work/$name.key" >"trust_client_certificate/$name.pem"
done
openssl ec -in "$work/p256.key" -out "$work/p256.sec1"
cat "$work/p256.pem" "$work/p256.sec1" >trust_client_certificate/sec1.pem
cat "$work/p256.pem" "$work/other_leaf.key" >trust_client_certificate/other_key.pem
