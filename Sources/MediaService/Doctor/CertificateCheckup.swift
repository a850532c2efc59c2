import Glibc

/// TLS: the certificate's life, its name and its key.
struct CertificateCheckup {
    private static let subject = "certificate"
    private static let warningDays = 21

    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    func findings() -> [Finding] {
        guard let certificate = configuration.optionalText(.tlsCertificate) else { return [none()] }
        guard access(certificate, R_OK) == 0 else {
            return [
                .warning(
                    Self.subject, "\(certificate) can't be read by this user, so its life isn't known",
                    mend: "Run 'mediad doctor' as root to have it looked at.")
            ]
        }
        guard openssl("x509", "-noout", "-in", certificate) != nil else {
            return [
                .warning(
                    Self.subject, "can't be looked at without the program openssl", mend: "apt-get install openssl")
            ]
        }
        return [life(certificate), name(certificate), key(certificate)].compactMap(\.self)
    }

    private func none() -> Finding {
        guard Configuration.isLocal(configuration.text(.publicURL)) || configuration.text(.publicURL).hasPrefix("https")
        else {
            return .fault(
                Self.subject, "keys, tokens and links go over the network in the clear",
                mend: "Set MEDIA_TLS_CERTIFICATE and MEDIA_TLS_KEY, and MEDIA_PUBLIC_URL with https.")
        }
        return .ok(Self.subject, "none here: this host only, or TLS ends before nginx")
    }

    private func openssl(_ words: String...) -> (isSuccess: Bool, text: String)? { Program.run(["openssl"] + words) }

    private func life(_ certificate: String) -> Finding {
        let end = openssl("x509", "-noout", "-enddate", "-in", certificate)?.text.split(separator: "\n").first ?? ""
        func holds(_ days: Int) -> Bool {
            openssl("x509", "-noout", "-checkend", String(days * 86400), "-in", certificate)?.isSuccess == true
        }
        let renew = "Renew it (certbot renew) and reload nginx."
        guard holds(0) else { return .fault(Self.subject, "has ended, or is none: \(end)", mend: renew) }
        guard holds(Self.warningDays) else {
            return .warning(Self.subject, "ends within \(Self.warningDays) days: \(end)", mend: renew)
        }
        return .ok(Self.subject, "holds: \(end)")
    }

    private func name(_ certificate: String) -> Finding? {
        // Behind the scheme and its two slashes.
        let authority = configuration.text(.publicURL).split(separator: "/").dropFirst().first ?? ""
        let host = authority.prefix { $0 != ":" }
        let answer = openssl("x509", "-noout", "-checkhost", String(host), "-in", certificate)
        guard answer?.text.contains("does match") == true else {
            return .fault(
                Self.subject, "isn't for \(host), the host of MEDIA_PUBLIC_URL",
                mend: "Get one with this name, or correct MEDIA_PUBLIC_URL.")
        }
        return nil
    }

    private func key(_ certificate: String) -> Finding? {
        let key = configuration.text(.tlsKey)
        var status = stat()
        guard stat(key, &status) == 0 else {
            return .fault("TLS key", "\(key) isn't there", mend: "Correct MEDIA_TLS_KEY.")
        }
        if status.st_mode & 0o007 != 0 {
            return .fault("TLS key", "\(key) can be read by everybody on this host", mend: "chmod 0640 \(key)")
        }
        // Usually root's alone.
        guard access(key, R_OK) == 0 else { return nil }
        let own = openssl("pkey", "-pubout", "-in", key)?.text
        guard own == openssl("x509", "-noout", "-pubkey", "-in", certificate)?.text else {
            return .fault(
                "TLS key", "\(key) isn't the certificate's", mend: "Name the key that the certificate was made with.")
        }
        return nil
    }
}
