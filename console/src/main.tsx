import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Root } from "./app/Root";
import { reloadAfterUpdate } from "./app/updates";
import { startLanguages } from "./lib/i18n";
import "./app/base.css";
import "./app/frame.css";
import "./components/components.css";

reloadAfterUpdate();
const root = document.getElementById("root");
if (root) {
  void startLanguages().then(() =>
    createRoot(root).render(
      <StrictMode>
        <Root />
      </StrictMode>,
    ),
  );
}
