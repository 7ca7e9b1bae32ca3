//! `GET /.well-known/jwks.json`.

use crate::support::Auth;

#[tokio::test]
async fn the_public_keys_are_there_for_everyone_and_no_private_one() {
    let auth = Auth::start().await;
    let answer = auth.app.get("/.well-known/jwks.json").send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "public, max-age=300");
    let key = answer.body["keys"][0].as_object().unwrap();
    let names: Vec<&str> = key.keys().map(String::as_str).collect();
    assert_eq!(names, ["alg", "crv", "kid", "kty", "use", "x"]);
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"]),
        (&"OKP".into(), &"Ed25519".into(), &"EdDSA".into())
    );
}
