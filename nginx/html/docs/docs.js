// Without Swagger UI the page stays as it is: links to the description and to the errors.
if (window.SwaggerUIBundle) {
  SwaggerUIBundle({
    url: "../openapi.yaml",
    dom_id: "#interface",
    deepLinking: true,
    docExpansion: "list",
    tryItOutEnabled: true,
    validatorUrl: null,
  });
}
