/// A self-signed certificate for `localhost` and 127.0.0.1.
package struct Certificate: Sendable {
    /// PEM files.
    package let certificate: String
    package let key: String

    /// Makes one in `folder`, in the way of deploy/run.
    package init(in folder: String) throws {
        certificate = "\(folder)/cert.pem"
        key = "\(folder)/key.pem"
        try Command.run(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                "-keyout", key, "-out", certificate,
            ])
    }
}
