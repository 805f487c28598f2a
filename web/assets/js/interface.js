// Optional: puts a viewer in the place of the list of calls, in which they can be tried. It asks this server and nobody else.
const place = document.getElementById("interface");

// The viewer's own layout repeats the heading of the page and makes a second main part.
const plainLayout = ({ React }) => ({
  components: {
    PlainLayout: ({ getComponent }) => {
      const part = (name) => React.createElement(getComponent(name, true), { key: name });
      return React.createElement("div", { className: "swagger-ui" }, ["SvgAssets", "AuthorizeBtnContainer", "operations"].map(part));
    },
  },
});

// Boxes that scroll must be reachable without a mouse.
const makeReachable = () => {
  for (const box of place.querySelectorAll("pre, .table-container, .responses-inner")) box.tabIndex = 0;
};

if (place && window.SwaggerUIBundle) {
  place.replaceChildren();
  new MutationObserver(makeReachable).observe(place, { childList: true, subtree: true });
  window.SwaggerUIBundle({
    url: "/openapi.json",
    domNode: place,
    presets: [window.SwaggerUIBundle.presets.apis],
    plugins: [plainLayout],
    layout: "PlainLayout",
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: -1,
    persistAuthorization: false,
    syntaxHighlight: false,
  });
}
