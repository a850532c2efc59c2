@testable import MediaService
import Testing

struct MetricsTests {
    @Test("counters begin at nothing, count and are set")
    func counters() {
        let metrics = Metrics()
        #expect(Counter.allCases.allSatisfy { metrics.value($0) == 0 })
        metrics.add(.filesStored)
        metrics.add(.bytesStored, 5_000_000_000)
        metrics.add(.filesStored)
        metrics.set(.workersRunning, 4)
        #expect(metrics.value(.filesStored) == 2)
        #expect(metrics.value(.bytesStored) == 5_000_000_000)
        #expect(metrics.value(.workersRunning) == 4)
    }

    @Test("who inherits the memory sees and moves the same counters")
    func shared() {
        let metrics = Metrics()
        let inherited = Metrics(inherited: metrics.descriptor)
        inherited.add(.reloads)
        metrics.add(.reloads)
        #expect(metrics.value(.reloads) == 2 && inherited.value(.reloads) == 2)
    }

    @Test("every counter has a name of its own, a help and a type")
    func names() {
        #expect(Set(Counter.allCases.map(\.metricName)).count == Counter.allCases.count)
        let text = Metrics().text(routes: [])
        for counter in Counter.allCases {
            let type = counter.isGauge ? "gauge" : "counter"
            #expect(
                text.contains("# HELP \(counter.metricName) \(counter.help)\n# TYPE \(counter.metricName) \(type)\n"))
            #expect(text.contains("\n\(counter.metricName) 0\n"))
            #expect(counter.isGauge || counter.metricName.hasSuffix("_total"))
        }
    }

    @Test("answers by route and class of status, and their times in buckets that add up")
    func requests() {
        let metrics = Metrics()
        for (status, microseconds) in [(200, 900), (201, 1_000), (404, 3_000), (503, 99_000_000)] {
            metrics.addRequest(route: 1, status: status, microseconds: microseconds)
        }
        let text = metrics.text(routes: ["a", "b"])
        let lines = Set(text.split(separator: "\n"))
        for line in [
            "media_http_requests_total{route=\"b\",status=\"2xx\"} 2",
            "media_http_requests_total{route=\"b\",status=\"4xx\"} 1",
            "media_http_requests_total{route=\"b\",status=\"5xx\"} 1",
            "media_http_request_duration_seconds_bucket{route=\"b\",le=\"0.001\"} 2",
            "media_http_request_duration_seconds_bucket{route=\"b\",le=\"0.0025\"} 2",
            "media_http_request_duration_seconds_bucket{route=\"b\",le=\"0.005\"} 3",
            "media_http_request_duration_seconds_bucket{route=\"b\",le=\"30.0\"} 3",
            "media_http_request_duration_seconds_bucket{route=\"b\",le=\"+Inf\"} 4",
            "media_http_request_duration_seconds_count{route=\"b\"} 4",
            "media_http_request_duration_seconds_sum{route=\"b\"} 99.0049",
        ] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
        #expect(!text.contains("route=\"a\""))
    }

    @Test("a route beyond the table counts with the last one and breaks nothing")
    func manyRoutes() {
        let metrics = Metrics()
        metrics.addRequest(route: 1000, status: 999, microseconds: 1)
        metrics.addRequest(route: Metrics.maxRoutes - 1, status: 200, microseconds: 1)
        let routes = (0..<Metrics.maxRoutes).map { "r\($0)" }
        #expect(metrics.text(routes: routes).contains("duration_seconds_count{route=\"r63\"} 2"))
    }
}
