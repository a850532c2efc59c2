import Foundation
import MediaCore
import MediaTesting
import Testing

/// openapi.yaml against the service: schemathesis makes up requests that it allows and requests that it doesn't, follows its
/// links, and holds each answer to what is said of it.
struct SchemathesisTests {
    @Test("whatever is asked is answered as described", arguments: ["key", "token"])
    func description(of caller: String) throws {
        // Films go elsewhere, so that direct uploads of them begin.
        let stores = try StoreFile(
            [("cloud", CloudServer.azure.storeDescription(CloudServer.azure.makeBucket()))],
            [
                .init(
                    "rules",
                    .array([.object([.init("store", .string("cloud")), .init("types", .array([.string("VIDEO")]))])]))
            ])
        let instance = try ServiceInstance(
            settings: ["MEDIA_JWT_SECRET": TestIssuer.secret, "MEDIA_STORES_FILE": stores.path])
        let credential =
            try caller == "key"
            ? instance.key("media:read,media:write,media:delete,media:sign")
            : TestIssuer().token("anna", roles: ["INSTRUCTOR"])
        let folder = try TemporaryFolder()
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let settings = here.appending(path: "schemathesis.toml").path
        let command = try Command(
            "sh",
            [
                "-c", "cd '\(folder.path)' && exec \"$0\" \"$@\"", TestTools.path("schemathesis"), "--config-file",
                settings,
                "run", "\(ServiceFolders.repository)/nginx/html/openapi.yaml", "--url", instance.baseURL,
                "-H", "Authorization: Bearer \(credential)", "--phases", "examples,coverage,fuzzing,stateful",
                "--checks", "all", "--max-examples", "20", "--continue-on-failure",
                // The same requests each time; other ones are a matter of a run by hand.
                "--seed", "20261129", "--no-color",
            ],
            environment: [
                "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": here.path, "PYTHONDONTWRITEBYTECODE": "1",
            ])
        #expect(command.status == 0, "\(command.text.suffix(8000)) \(command.errors)")
        let count = command.text.firstMatch(of: /(\d+) generated/).flatMap { Int($0.1) } ?? 0
        // A user may not do everything.
        #expect(caller == "token" || !command.text.contains("Authentication failed"), "\(command.text.suffix(2000))")
        #expect(count > 1000 && command.text.contains("Tested: 51"), "\(command.text.suffix(2000))")
    }
}
