//! Tokens that nobody may be let in by: every known way to make one, or to spoil one. Those that are signed with the
//! server's own key have one flaw each, so that a check which is missing is seen by itself.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use nkeys::{KeyPair, KeyPairType};
use serde_json::{Value, json};

/// The seed of the server's own key: the tests know it, so that they can sign what the server never would.
pub const SEED: [u8; 32] = [7; 32];

/// The order of the group that Ed25519 signs in, its lowest byte first (RFC 8032, 5.1).
const GROUP_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// What is before a key of 32 bytes in its DER form (RFC 8410).
const DER_START: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0,
];

/// What somebody needs who makes tokens: what the server tells everybody, a genuine token of the victim and one of
/// somebody else, two keys, and a mind.
pub struct Forge {
    /// The name of the server's key.
    kid: String,
    /// Its public half.
    public: Vec<u8>,
    genuine: String,
    of_another: String,
    server: KeyPair,
    own: KeyPair,
}

/// A token, and what is wrong with it.
pub type Forged = (String, String);

impl Forge {
    /// `keys` is what the server publishes (`/.well-known/jwks.json`).
    pub fn new(keys: &Value, genuine: &str, of_another: &str) -> Forge {
        let key = &keys["keys"][0];
        let pair = |seed| KeyPair::new_from_raw(KeyPairType::User, seed).unwrap();
        Forge {
            kid: key["kid"].as_str().unwrap().to_owned(),
            public: URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap(),
            genuine: genuine.to_owned(),
            of_another: of_another.to_owned(),
            server: pair(SEED),
            own: pair([9; 32]),
        }
    }

    /// A token that is as the server makes them: what shows that the others fail by their flaw, and not by the forge.
    pub fn flawless(&self) -> String {
        signed(&self.server, &self.head(), &self.claims())
    }

    /// A flawless token with other claims: `null` takes one away.
    pub fn claiming(&self, changes: &Value) -> String {
        signed(&self.server, &self.head(), &changed(self.claims(), changes))
    }

    /// The second at which the genuine token was issued.
    pub fn now(&self) -> i64 {
        self.claims()["iat"].as_i64().unwrap()
    }

    /// All of them.
    pub fn all(&self) -> Vec<Forged> {
        let kinds = [
            self.unsigned(),
            self.of_other_algorithms(),
            self.of_other_keys(),
            self.of_other_names(),
            self.of_other_claims(),
            self.altered(),
            self.misshapen(),
        ];
        kinds.concat()
    }

    /// What is said by tokens that are flawless but for their time. Who knows whether a session lives may still know it by
    /// them; nobody else may.
    pub fn other_times(&self) -> Vec<Value> {
        const HOUR: i64 = 3_600;
        let now = self.now();
        vec![
            json!({ "iat": now - 25 * HOUR, "exp": now - HOUR }),
            json!({ "exp": now }),
            json!({ "iat": now + 2 * HOUR, "exp": now + 4 * HOUR }),
            json!({ "iat": now + 2 * HOUR, "nbf": now + 2 * HOUR, "exp": now + 4 * HOUR }),
        ]
    }

    fn head(&self) -> Value {
        json!({ "typ": "JWT", "alg": "EdDSA", "kid": self.kid })
    }

    fn claims(&self) -> Value {
        read(self.genuine.split('.').nth(1).unwrap())
    }

    fn far_away(&self) -> Value {
        changed(
            self.claims(),
            &json!({ "exp": self.now() + 10 * 365 * 86_400 }),
        )
    }

    /// No key at all.
    fn unsigned(&self) -> Vec<Forged> {
        let old = self.genuine.rsplit('.').next().unwrap();
        let mut all = Vec::new();
        for alg in ["none", "None", "NONE", "nOnE", ""] {
            let said = said(
                &changed(self.head(), &json!({ "alg": alg })),
                &self.far_away(),
            );
            all.push((format!("alg {alg:?}, no signature"), format!("{said}.")));
            all.push((
                format!("alg {alg:?}, the old signature"),
                format!("{said}.{old}"),
            ));
        }
        let proper = said(&self.head(), &self.claims());
        let lasting = said(&self.head(), &self.far_away());
        all.extend([
            named("an empty signature", format!("{proper}.")),
            named("no signature and no dot", proper),
            named(
                "exp far away, the old signature",
                format!("{lasting}.{old}"),
            ),
            named(
                "a signature of zeros",
                format!("{lasting}.{}", part(&[0; 64])),
            ),
        ]);
        all
    }

    /// The public key as a shared secret, in every form in which a program may hold it; and names of other algorithms
    /// over a good signature.
    fn of_other_algorithms(&self) -> Vec<Forged> {
        let der = [&DER_START[..], &self.public].concat();
        let pem = format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            STANDARD.encode(&der)
        );
        let secrets: [(&str, Vec<u8>); 6] = [
            ("the key", self.public.clone()),
            (
                "the key in base64",
                URL_SAFE_NO_PAD.encode(&self.public).into(),
            ),
            ("the key as DER", der),
            ("the key as PEM", pem.into()),
            ("the key's name", self.kid.clone().into()),
            ("nothing", Vec::new()),
        ];
        let head = changed(self.head(), &json!({ "alg": "HS256" }));
        let said = said(&head, &self.claims());
        let by_secret = secrets.map(|(what, secret)| {
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), said.as_bytes());
            (
                format!("alg HS256 keyed with {what}"),
                format!("{said}.{}", part(tag.as_ref())),
            )
        });
        let by_name = ["HS256", "RS256", "ES256", "PS256", "Ed448", "eddsa"].map(|alg| {
            let head = changed(self.head(), &json!({ "alg": alg }));
            (
                format!("alg {alg} over a signature of EdDSA"),
                signed(&self.server, &head, &self.claims()),
            )
        });
        by_secret.into_iter().chain(by_name).collect()
    }

    /// Good signatures of a key that is not the server's, which the head offers or leads to.
    fn of_other_keys(&self) -> Vec<Forged> {
        let (_, public) = nkeys::from_public_key(&self.own.public_key()).unwrap();
        let x = part(&public);
        let jwk =
            json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": self.kid, "x": x });
        let elsewhere = "http://127.0.0.1:9/keys.json";
        let heads = [
            ("the server's name", json!({})),
            ("a name of its own", json!({ "kid": "own" })),
            ("no name", json!({ "kid": null })),
            ("the key in jwk", json!({ "jwk": jwk })),
            (
                "the key in jwk, and no name",
                json!({ "jwk": jwk, "kid": null }),
            ),
            ("an address in jku", json!({ "jku": elsewhere })),
            (
                "an address in jku, and its name",
                json!({ "jku": elsewhere, "kid": "own" }),
            ),
            ("an address in x5u", json!({ "x5u": elsewhere })),
            (
                "a certificate in x5c",
                json!({ "x5c": [STANDARD.encode(public)] }),
            ),
        ];
        heads
            .map(|(what, changes)| {
                let head = changed(self.head(), &changes);
                (
                    format!("another key, {what}"),
                    signed(&self.own, &head, &self.claims()),
                )
            })
            .into()
    }

    /// The server's own signature under a name that is not its key's.
    fn of_other_names(&self) -> Vec<Forged> {
        let names = [
            json!(null),
            json!(""),
            json!(0),
            json!([self.kid]),
            json!("unknown"),
            json!(format!("{} ", self.kid)),
            json!(self.kid.to_uppercase() + "A"),
            json!("../../../../dev/null"),
            json!("http://127.0.0.1:9/key"),
            json!("' UNION SELECT '"),
        ];
        names
            .map(|kid| {
                let head = changed(self.head(), &json!({ "kid": kid }));
                (
                    format!("kid {kid}"),
                    signed(&self.server, &head, &self.claims()),
                )
            })
            .into()
    }

    /// The server's own signature under what it never says.
    fn of_other_claims(&self) -> Vec<Forged> {
        let now = self.now();
        let claims = [
            json!({ "aud": "elsewhere" }),
            json!({ "aud": ["elsewhere"] }),
            json!({ "aud": null }),
            json!({ "iss": "elsewhere" }),
            json!({ "iss": null }),
            json!({ "exp": null }),
            json!({ "exp": (now + 3_600).to_string() }),
            json!({ "exp": -1 }),
            json!({ "exp": i64::MAX }),
            json!({ "iat": null }),
            json!({ "sub": null }),
            json!({ "sub": "nobody" }),
            json!({ "sub": "" }),
            json!({ "sid": null }),
            json!({ "sid": "none" }),
            json!({ "more": "x".repeat(1_024) }),
        ];
        claims
            .map(|changes| {
                let mut shown = changes.to_string();
                shown.truncate(60);
                (format!("claims {shown}"), self.claiming(&changes))
            })
            .into()
    }

    /// A genuine token, changed afterwards.
    fn altered(&self) -> Vec<Forged> {
        let [head, claims, signature] = parts(&self.genuine);
        let [_, claims_of_another, signature_of_another] = parts(&self.of_another);
        let bytes = URL_SAFE_NO_PAD.decode(&signature).unwrap();
        let mut turned = bytes.clone();
        turned[40] ^= 1;
        let loud = head.to_uppercase();
        vec![
            named(
                "another's signature",
                format!("{head}.{claims}.{signature_of_another}"),
            ),
            named(
                "the victim's signature over another's claims",
                format!("{head}.{claims_of_another}.{signature}"),
            ),
            named(
                "one bit turned",
                format!("{head}.{claims}.{}", part(&turned)),
            ),
            named(
                "the signature's twin, of the group's order more",
                format!("{head}.{claims}.{}", part(&twin(&bytes))),
            ),
            named(
                "half a signature",
                format!("{head}.{claims}.{}", part(&bytes[..32])),
            ),
            named(
                "a signature and a byte",
                format!("{head}.{claims}.{}", part(&[&bytes[..], &[0]].concat())),
            ),
            named("a head in capitals", format!("{loud}.{claims}.{signature}")),
            named(
                "cut short",
                self.genuine[..self.genuine.len() - 1].to_owned(),
            ),
            named("a letter more", format!("{}A", self.genuine)),
        ]
    }

    /// What has not the shape of a token.
    fn misshapen(&self) -> Vec<Forged> {
        let [head, claims, signature] = parts(&self.genuine);
        let padded = URL_SAFE.encode(URL_SAFE_NO_PAD.decode(&signature).unwrap());
        let as_json = json!({ "protected": head, "payload": claims, "signature": signature });
        vec![
            named("two parts", format!("{claims}.{signature}")),
            named("four parts", format!("{}.{signature}", self.genuine)),
            named(
                "five parts",
                format!("{head}.{claims}.{signature}.{claims}.{signature}"),
            ),
            named("padding", format!("{head}.{claims}.{padded}")),
            named("as JSON", as_json.to_string()),
            named("twice", format!("{0}.{0}", self.genuine)),
            named("in quotes", format!("\"{}\"", self.genuine)),
            named("a dot before", format!(".{}", self.genuine)),
            named("dots", "..".to_owned()),
            named("words", "let-me-in".to_owned()),
            named("zeros", "0".repeat(4_000)),
        ]
    }
}

fn named(what: &str, token: String) -> Forged {
    (what.to_owned(), token)
}

fn part(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn parts(token: &str) -> [String; 3] {
    let parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    parts.try_into().unwrap()
}

/// What is signed: the first two parts.
fn said(head: &Value, claims: &Value) -> String {
    format!(
        "{}.{}",
        part(head.to_string().as_bytes()),
        part(claims.to_string().as_bytes())
    )
}

fn signed(by: &KeyPair, head: &Value, claims: &Value) -> String {
    let said = said(head, claims);
    let signature = by.sign(said.as_bytes()).unwrap();
    format!("{said}.{}", part(&signature))
}

fn changed(mut value: Value, changes: &Value) -> Value {
    let members = value.as_object_mut().unwrap();
    for (name, to) in changes.as_object().unwrap() {
        if to.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), to.clone());
        }
    }
    value
}

/// The other number that fits the equation of a signature, which must not be taken (RFC 8032, 5.1.7).
fn twin(signature: &[u8]) -> Vec<u8> {
    let mut twin = signature.to_vec();
    let mut carry = 0;
    for (byte, more) in twin[32..].iter_mut().zip(GROUP_ORDER) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        *byte = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
    twin
}
