import MediaCore
import MediaDatabase
@testable import MediaService
import MediaTesting
import Testing

struct ConfigurationTests {
    @Test("the defaults are valid, each setting has one row, and names begin alike")
    func defaults() throws {
        let configuration = try Configuration(environment: [:])
        for setting in Setting.allCases {
            #expect(configuration.text(setting) == setting.definition.defaultText)
            #expect(!setting.definition.summary.isEmpty)
            #expect(setting.name.hasPrefix("MEDIA_"))
        }
        #expect(configuration.number(.uploadBytes) == 5 << 30)
        #expect(configuration.optionalText(.databaseSocket) == nil)
        #expect(configuration.maxBytes(.image) == 200 << 20)
        #expect(configuration.allowedTypes == TypeAllowList("IMAGE,VIDEO,AUDIO,DOCUMENT,OTHER"))
    }

    @Test("the environment wins over the file, the file over the default; an empty value is none")
    func precedence() throws {
        let file = ["MEDIA_WORKERS": "3", "MEDIA_API_THREADS": "5", "MEDIA_PAGE_MAX_LIMIT": ""]
        let configuration = try Configuration(environment: ["MEDIA_WORKERS": "7", "PATH": "/bin"], file: file)
        #expect(configuration.number(.workers) == 7)
        #expect(configuration.number(.apiThreads) == 5)
        #expect(configuration.number(.pageLimit) == 100)
    }

    @Test("every wrong value is named with its form")
    func wrongValues() {
        let wrong = ["MEDIA_WORKERS": "many", "MEDIA_PUBLIC_URL": "here", "MEDIA_STORE_DIR": "store"]
        let failure = #expect(throws: Configuration.Failure.self) { try Configuration(environment: wrong) }
        let lines = Set((failure?.description ?? "").split(separator: "\n").map(String.init))
        #expect(
            lines == [
                "MEDIA_WORKERS: 'many' is not a whole number from 0 to 256",
                "MEDIA_PUBLIC_URL: 'here' is not a URL with http or https and no slash at its end",
                "MEDIA_STORE_DIR: 'store' is not an absolute path without spaces and special characters",
            ])
    }

    @Test("a wrong secret isn't repeated")
    func wrongSecret() {
        let failure = #expect(throws: Configuration.Failure.self) {
            try Configuration(environment: ["MEDIA_DATABASE_PASSWORD": "geheim\u{1}"])
        }
        #expect(failure?.description == "MEDIA_DATABASE_PASSWORD: a secret value is not text")
    }

    @Test("a name that no setting has is refused in the file and ignored in the environment")
    func unknownName() throws {
        _ = try Configuration(environment: ["MEDIA_NOTHING": "1"])
        let failure = #expect(throws: Configuration.Failure.self) {
            try Configuration(environment: [:], file: ["MEDIA_NOTHING": "1"])
        }
        #expect(failure?.description.hasPrefix("MEDIA_NOTHING: there is no such setting") == true)
    }

    @Test("certificate and key go together", arguments: ["MEDIA_TLS_CERTIFICATE", "MEDIA_TLS_KEY"])
    func half(name: String) {
        let failure = #expect(throws: Configuration.Failure.self) { try Configuration(environment: [name: "/a"]) }
        #expect(failure?.description.contains("set both or neither") == true)
    }

    @Test("the report has every setting, secrets hidden, and can be read again")
    func report() throws {
        let configuration = try Configuration(environment: ["MEDIA_DATABASE_PASSWORD": "geheim", "MEDIA_WORKERS": "3"])
        #expect(!configuration.report.contains("geheim"))
        #expect(configuration.report.contains("MEDIA_DATABASE_PASSWORD=(hidden)\n"))
        let again = try Configuration.variables(configuration.report, "report")
        #expect(again["MEDIA_WORKERS"] == "3")
        #expect(again.count == Setting.allCases.count)
    }

    @Test("the table and the help name every setting")
    func table() {
        for setting in Setting.allCases {
            #expect(Configuration.table.contains("| `\(setting.name)` |"))
            #expect(Configuration.help.contains("  \(setting.name)\n"))
        }
    }

    @Test("a file's lines: comments, quotes, spaces and line ends of other systems")
    func file() throws {
        let text =
            "# a comment\r\n\nMEDIA_A=1\r\n  MEDIA_B = two words \nMEDIA_C=\"x y\"\nMEDIA_D='='\nMEDIA_E=\nMEDIA_F=a#b"
        let variables = try Configuration.variables(text, "f")
        #expect(
            variables == [
                "MEDIA_A": "1", "MEDIA_B": "two words", "MEDIA_C": "x y", "MEDIA_D": "=", "MEDIA_E": "",
                "MEDIA_F": "a#b",
            ])
    }

    @Test(
        "a file that can't be used, with the line",
        arguments: [("A=1\nnonsense", "f, line 2: not of the form"), ("A=1\n\nA=2", "f, line 3: A is set twice")])
    func wrongFile(text: String, message: String) {
        let failure = #expect(throws: Configuration.Failure.self) { try Configuration.variables(text, "f") }
        #expect(failure?.description.hasPrefix(message) == true)
    }

    @Test("database options follow from the settings")
    func database() throws {
        let options = try Configuration(environment: [
            "MEDIA_DATABASE_HOST": "db", "MEDIA_DATABASE_TLS": "verified", "MEDIA_DATABASE_CA": "/ca.pem",
            "MEDIA_DATABASE_TIMEOUT": "7s",
        ]).database
        #expect(options.hosts == [.init("db", port: 3306)] && options.socket == nil)
        #expect(options.tls == .verified(authority: "/ca.pem"))
        #expect(options.answerTimeout == 7 && options.connectTimeout == 2)
    }

    @Test("several hosts of a database, with and without ports")
    func databaseHosts() throws {
        func hosts(_ text: String) throws -> [DatabaseOptions.Host] {
            try Configuration(environment: ["MEDIA_DATABASE_HOST": text, "MEDIA_DATABASE_PORT": "3307"]).database.hosts
        }
        #expect(
            try hosts("db1,db2:3310,::1,[fe80::1]:1") == [
                .init("db1", port: 3307), .init("db2", port: 3310), .init("::1", port: 3307), .init("fe80::1", port: 1),
            ])
        for wrong in ["db1,", "db:0", "db:99999", "d b", "db1,,db2"] {
            #expect(throws: (any Error).self, "\(wrong)") { try hosts(wrong) }
        }
    }

    @Test(
        "the program refuses to start with wrong settings, with exit code 78",
        arguments: ["serve", "work", "migrate", "config", "worker"])
    func program(command: String) throws {
        let run = try Command(ServiceFolders.mediad, [command], environment: ["MEDIA_API_THREADS": "0"])
        #expect(run.status == 78)
        #expect(run.errors.contains("MEDIA_API_THREADS: '0' is not a whole number from 1 to 1024"), "\(run.errors)")
    }

    @Test("the program prints the effective values")
    func printed() throws {
        let text = try Command.run(
            ServiceFolders.mediad, ["config"],
            environment: ["MEDIA_WORKERS": "9", "MEDIA_DATABASE_PASSWORD": "geheim"])
        #expect(text.split(separator: "\n").contains("MEDIA_WORKERS=9"))
        #expect(!text.contains("geheim"))
    }
}
