// Optional: every page works without it. Adds the design system's small helps (show password, move to the error summary).
import { initAll } from "./govuk-frontend.min.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");
initAll();
