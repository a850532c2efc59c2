package import MediaCore

/// A headless Chromium, driven over WebDriver (W3C Recommendation, 2018) by chromedriver.
package final class Browser {
    private let folder: TemporaryFolder
    private let driver: ChildProcess
    private let client: HTTPClient
    private let session: String

    package init() throws {
        folder = try TemporaryFolder()
        let port = try Port.free()
        driver = try ChildProcess("chromedriver", ["--port=\(port)"], output: "\(folder.path)/log", deathSignal: "TERM")
        client = HTTPClient(baseURL: "http://127.0.0.1:\(port)")
        let isUp = eventually(within: 20) { [client] in (try? client.get("/status"))?.status == 200 }
        guard isUp else { throw TestFailure("chromedriver did not start; see \(folder.path)/log") }
        let arguments = [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio",
            "--autoplay-policy=no-user-gesture-required", "--user-data-dir=\(folder.path)/profile",
        ]
        let options = JSON.object([.init("args", .array(arguments.map(JSON.string)))])
        let capabilities = JSON.object([.init("alwaysMatch", .object([.init("goog:chromeOptions", options)]))])
        let answer = try client.post(
            "/session", headers: ["Content-Type": "application/json"],
            .text(JSON.object([.init("capabilities", capabilities)]).text))
        guard let id = answer.json["value"]?["sessionId"]?.string else {
            throw TestFailure("no browser: \(answer.text.prefix(2000))")
        }
        session = "/session/\(id)"
    }

    deinit {
        _ = try? client.delete(session)
    }

    @discardableResult
    private func command(_ name: String, _ body: JSON) throws -> JSON {
        let answer = try client.post(
            "\(session)/\(name)", headers: ["Content-Type": "application/json"], .text(body.text))
        guard answer.status == 200 else { throw TestFailure("\(name): \(answer.text.prefix(2000))") }
        return answer.json["value"] ?? .null
    }

    /// Opens a page and waits until it is loaded.
    package func open(_ url: String) throws {
        try command("url", .object([.init("url", .string(url))]))
    }

    package func reload() throws {
        try command("refresh", .object([]))
    }

    /// Sets a cookie for the host of the page that is open.
    package func setCookie(_ name: String, _ value: String) throws {
        let cookie = JSON.object([.init("name", .string(name)), .init("value", .string(value))])
        try command("cookie", .object([.init("cookie", cookie)]))
    }

    /// The value of a script's `return`.
    package func run(_ script: String) throws -> JSON {
        try command("execute/sync", .object([.init("script", .string(script)), .init("args", .array([]))]))
    }

    /// What the page shows as text.
    package func text() throws -> String {
        try run("return document.body.innerText").string ?? ""
    }
}
