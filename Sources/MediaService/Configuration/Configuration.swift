import Glibc
package import MediaCore
package import MediaDatabase
import MediaMessaging
import MediaProcessing
package import MediaStorage

/// The effective settings of a process.
package struct Configuration: Sendable {
    /// A setting that can't be used; stops the start.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let texts: [Setting: String]
    /// Of those whose form has one.
    private let numbers: [Setting: Int]

    /// - Parameters:
    ///   - environment: variables, which win over the file.
    ///   - file: the settings file's variables.
    /// - Throws: `Failure` that names every setting with a wrong value, the value (unless it is secret) and its form.
    package init(environment: [String: String], file: [String: String] = [:]) throws(Failure) {
        var texts: [Setting: String] = [:]
        var faults: [String] = []
        for name in file.keys.sorted() where Setting(rawValue: name) == nil {
            faults.append("\(name): there is no such setting; 'mediad config --help' lists them")
        }
        for setting in Setting.allCases {
            let definition = setting.definition
            let given = environment[setting.name] ?? file[setting.name] ?? ""
            let text = given.isEmpty ? definition.defaultText : given
            if !text.isEmpty, !definition.form.accepts(text) {
                let shown = definition.isSecret ? "a secret value" : "'\(text)'"
                faults.append("\(setting.name): \(shown) is not \(definition.form.description)")
            }
            texts[setting] = text
        }
        if texts[.tlsCertificate]?.isEmpty != texts[.tlsKey]?.isEmpty {
            faults.append("MEDIA_TLS_CERTIFICATE and MEDIA_TLS_KEY: set both or neither")
        }
        if let url = texts[.tokenKeysURL], url.hasPrefix("http://"), !Self.isLocal(url) {
            faults.append("\(Setting.tokenKeysURL.name): over http anybody on the way could put in keys; use https")
        }
        let presets = Set((SettingForm.presets(texts[.imagePresets] ?? "") ?? []).map(\.name))
        for profile in SettingForm.profiles(texts[.profiles] ?? "") ?? [] {
            for name in profile.presets where !presets.contains(name) {
                faults.append(
                    "\(Setting.profiles.name): \(profile.name): there is no preset '\(name)' in \(Setting.imagePresets.name)"
                )
            }
        }
        guard faults.isEmpty else { throw Failure(description: faults.joined(separator: "\n")) }
        self.texts = texts
        numbers = Dictionary(
            uniqueKeysWithValues: texts.compactMap { setting, text in
                setting.definition.form.number(text).map { (setting, Int($0)) }
            })
    }

    /// Whether an `http` URL is one of this host.
    static func isLocal(_ url: String) -> Bool {
        let authority = url.dropFirst("http://".count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return ["localhost", "127.0.0.1", "[::1]"].contains { authority == $0 || authority.hasPrefix("\($0):") }
            && !authority.contains("@")
    }

    package func text(_ setting: Setting) -> String { texts[setting] ?? "" }

    /// A setting with a form that has a number.
    package func number(_ setting: Setting) -> Int {
        guard let value = numbers[setting] else { preconditionFailure("\(setting.name) has no number") }
        return value
    }

    package func optionalText(_ setting: Setting) -> String? {
        text(setting).isEmpty ? nil : text(setting)
    }

    /// How many worker processes there are to be.
    var workerCount: Int {
        let count = number(.workers)
        return count > 0 ? count : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    }

    /// The parts of a setting that has several, with commas.
    package func list(_ setting: Setting) -> [String] {
        text(setting).split(separator: ",").map(String.init)
    }

    package var database: DatabaseOptions {
        let tls: DatabaseOptions.TLS =
            switch text(.databaseTLS) {
            case "encrypted": .encrypted
            case "verified": .verified(authority: optionalText(.databaseAuthority))
            default: .off
            }
        let port = UInt32(number(.databasePort))
        let hosts = list(.databaseHost).map { text in
            SettingForm.endpoint(text).map { DatabaseOptions.Host($0.host, port: UInt32($0.port)) }
                ?? DatabaseOptions.Host(text, port: port)
        }
        return DatabaseOptions(
            hosts: hosts, socket: optionalText(.databaseSocket), user: text(.databaseUser),
            password: text(.databasePassword), database: text(.databaseName), tls: tls,
            connectTimeout: UInt32(number(.databaseConnectTimeout)), answerTimeout: UInt32(number(.databaseTimeout)))
    }

    /// The broker that `mediad bridge` takes messages from.
    var broker: AMQPAddress? {
        var address = optionalText(.brokerURL).flatMap { AMQPAddress($0) }
        address?.authority = optionalText(.brokerAuthority)
        return address
    }

    /// The exchange that events are sent to.
    var exchange: String? { broker == nil || text(.brokerExchange) == "none" ? nil : text(.brokerExchange) }

    /// Where clamd is.
    var scanner: VirusScanner.Address? {
        guard let text = optionalText(.scanner) else { return nil }
        return SettingForm.endpoint(text).map { .host($0.host, port: $0.port) } ?? .socket(path: text)
    }

    package var storage: LocalStorage { LocalStorage(root: text(.storeDirectory)) }

    package var allowedTypes: TypeAllowList {
        guard let list = TypeAllowList(text(.allowedTypes)) else { preconditionFailure("checked when it was read") }
        return list
    }

    /// The largest file of a kind, in bytes.
    package func maxBytes(_ type: MediaType) -> Int64 {
        let setting: Setting =
            switch type {
            case .image: .imageBytes
            case .video: .videoBytes
            case .audio: .audioBytes
            case .document: .documentBytes
            case .other: .otherBytes
            }
        return Int64(number(setting))
    }
}
