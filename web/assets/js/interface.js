// Optional: puts a viewer in the place of the list of calls, in which they can be tried. It asks this server and nobody else.
const place = document.getElementById("interface");
if (place && window.SwaggerUIBundle) {
  place.replaceChildren();
  window.SwaggerUIBundle({
    url: "/openapi.json",
    domNode: place,
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    persistAuthorization: false,
    syntaxHighlight: false,
  });
}
