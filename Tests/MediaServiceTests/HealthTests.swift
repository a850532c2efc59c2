import MediaTesting
import Testing

struct HealthTests {
    @Test("alive and ready without a key")
    func healthy() throws {
        let client = try SharedInstance.instance().anonymous
        let alive = try client.get("/healthz")
        #expect(alive.status == 200)
        #expect(alive.text == #"{"status":"alive"}"#)
        #expect(alive["Cache-Control"] == "no-store")
        let ready = try client.get("/readyz")
        #expect(ready.status == 200)
        #expect(ready.text == #"{"status":"ready","checks":{"database":"ok","store":"ok"}}"#)
        #expect(try client.send("HEAD", "/readyz").status == 200)
    }
}
