import Foundation
import MediaTesting
import Synchronization
import Testing

/// `/metrics` of a running service.
struct MetricsEndToEndTests {
    private let instance: ServiceInstance
    private let client: HTTPClient

    init() throws {
        instance = try ServiceInstance(settings: ["MEDIA_WORKERS": "3"])
        client = try instance.client()
    }

    /// The values by name and labels.
    private func values() throws -> [String: Double] {
        let answer = try instance.anonymous.get("/metrics")
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        var values: [String: Double] = [:]
        for line in answer.text.split(separator: "\n") where !line.hasPrefix("#") {
            let halves = line.split(separator: " ")
            #expect(halves.count == 2 && Double(halves[1]) != nil, "\(line)")
            values[String(halves[0])] = Double(halves[1])
        }
        return values
    }

    @Test("every answer of every worker is counted once, also of a worker that has died")
    func sums() throws {
        #expect(eventually { (try? values()["media_workers_running"]) == 3 })
        let before = try values()
        let failures = Mutex<[String]>([])
        func ask(_ count: Int) {
            ThreadGroup.run(count) { [client] _ in
                do {
                    let answer = try client.get("/healthz")
                    if answer.status != 200 { failures.withLock { $0.append("\(answer.status): \(answer.text)") } }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        ask(40)
        let victim = try #require(instance.workers.first)
        kill(victim, SIGKILL)
        #expect(eventually { instance.workers.count == 3 && !instance.workers.contains(victim) })
        let started = try #require(before["media_workers_started_total"]) + 1
        #expect(eventually { (try? values()["media_workers_started_total"]) == started })
        ask(10)
        #expect(failures.withLock { $0 } == [])
        let after = try values()
        func moved(_ name: String) -> Double { after[name, default: 0] - before[name, default: 0] }
        #expect(moved("media_http_requests_total{route=\"healthz\",status=\"2xx\"}") == 50)
        #expect(moved("media_http_request_duration_seconds_count{route=\"healthz\"}") == 50)
        #expect(moved("media_http_request_duration_seconds_bucket{route=\"healthz\",le=\"+Inf\"}") == 50)
        #expect(moved("media_workers_crashed_total") == 1)
        #expect(moved("media_workers_started_total") == 1)
    }

    @Test("uploads, refusals and errors move their counters")
    func counters() throws {
        let before = try values()
        let bytes = Samples.jpeg("metrics")
        _ = try client.upload(bytes, name: "a.jpg", user: "metrics")
        _ = try client.post("/v1/media?name=a.jpg", .bytes(bytes))
        _ = try instance.anonymous.get("/v1/media")
        let after = try values()
        func moved(_ name: String) -> Double { after[name, default: 0] - before[name, default: 0] }
        #expect(moved("media_files_stored_total") == 1)
        #expect(moved("media_bytes_stored_total") == Double(bytes.count))
        #expect(moved("media_uploads_refused_total") == 1)
        #expect(moved("media_access_refused_total") == 1)
        #expect(moved("media_http_requests_total{route=\"create_media\",status=\"2xx\"}") == 1)
        #expect(moved("media_http_requests_total{route=\"create_media\",status=\"4xx\"}") == 1)
        #expect(after["media_internal_errors_total"] == 0)
    }
}
