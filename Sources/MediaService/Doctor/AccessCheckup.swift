import MediaCore
import MediaDatabase

/// What callers are known by: keys of services, of users' tokens and of links.
struct AccessCheckup {
    private static let warningDays = 14

    private let configuration: Configuration

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    func findings() -> [Finding] { links() + tokens() + services() }

    private func links() -> [Finding] {
        guard !configuration.list(.linkSecret).isEmpty else {
            return [
                .warning(
                    "links", "there are none without a secret",
                    mend: "Set MEDIA_LINK_SECRET, for example to the output of: openssl rand -hex 32")
            ]
        }
        return [.ok("links", "can be signed")]
    }

    private func tokens() -> [Finding] {
        let known = [Setting.tokenSecret, .tokenKeysFile, .tokenKeysURL].contains {
            configuration.optionalText($0) != nil
        }
        guard known else {
            return [
                .warning(
                    "tokens", "no user can be known: there are no keys of tokens",
                    mend: "Set MEDIA_JWT_SECRET, MEDIA_JWT_KEYS_FILE or MEDIA_JWT_KEYS_URL.")
            ]
        }
        do {
            let count = try TokenVerifier.keyCount(configuration)
            return [.ok("tokens", "\(count) keys")]
        } catch {
            return [
                .fault(
                    "tokens", "\(error)", mend: "Correct MEDIA_JWT_KEYS_FILE or MEDIA_JWT_KEYS_URL, or what they name.")
            ]
        }
    }

    private func services() -> [Finding] {
        let now = Clock.now()
        do {
            let keys = try APIKeyRepository(Connection(configuration.database)).all().filter { key in
                key.revokedAt == nil && key.expiresAt.map { $0 > now } ?? true
            }
            if keys.isEmpty {
                return [
                    .warning(
                        "API keys", "there is none, so no service of the platform can call",
                        mend: "mediad key create NAME")
                ]
            }
            let ending = keys.filter { key in
                key.expiresAt.map { $0 < now.adding(seconds: Self.warningDays * 86400) } ?? false
            }
            if !ending.isEmpty {
                let names = ending.map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
                return [
                    .warning(
                        "API keys", "end within \(Self.warningDays) days: \(names)",
                        mend: "Make new ones with 'mediad key create' and give them to their services.")
                ]
            }
            return [.ok("API keys", "\(keys.count) in use")]
        } catch {
            // The database's finding has said why.
            return []
        }
    }
}
