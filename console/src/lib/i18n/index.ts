/** Both languages of the console. Only the one in use is loaded. */

import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import type { Language } from "../numbers";
import { onPreference, preferences } from "../preferences";

const catalogues: Record<Language, () => Promise<{ default: object }>> = {
  zh: () => import("./zh"),
  en: () => import("./en"),
};

async function speak(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, "translation")) {
    const catalogue = await catalogues[language]();
    i18next.addResourceBundle(language, "translation", catalogue.default);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** Load the preferred language and follow the preference from then on. */
export async function startLanguages(): Promise<void> {
  await i18next.use(initReactI18next).init({
    resources: {},
    lng: preferences().language,
    fallbackLng: false,
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
  });
  await speak(preferences().language);
  onPreference(() => void speak(preferences().language));
}
