import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { ConfigProvider, theme as antdTheme, type ThemeConfig } from "antd";
import enUS from "antd/es/locale/en_US";
import zhCN from "antd/es/locale/zh_CN";
import { useLayoutEffect, useMemo } from "react";
import { Notes } from "@/components/Notes";
import { usePreferences } from "@/lib/preferences";
import { applyTokens, fonts, type Mode, sizes, tokens } from "@/lib/theme";
import { queries } from "./queries";
import { router } from "./router";

/** Theme, language, queries and router around everything. */
export function Root() {
  const { mode, language } = usePreferences();
  useLayoutEffect(() => applyTokens(mode, document.documentElement), [mode]);
  const theme = useMemo(() => themeOf(mode), [mode]);
  return (
    <ConfigProvider theme={theme} locale={language === "zh" ? zhCN : enUS} wave={{ disabled: true }}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
      <Notes />
    </ConfigProvider>
  );
}

/** Our tokens in antd's words. The algorithm is wrapped, since antd's dark one repaints seeds. */
function themeOf(mode: Mode): ThemeConfig {
  const colours = tokens[mode];
  const base = mode === "dark" ? antdTheme.darkAlgorithm : antdTheme.defaultAlgorithm;
  const own = {
    colorPrimary: colours.primary,
    colorPrimaryHover: colours.primaryHover,
    colorPrimaryActive: colours.primaryHover,
    colorPrimaryText: colours.primary,
    colorPrimaryBg: colours.primarySoft,
    colorLink: colours.primary,
    colorLinkHover: colours.primaryHover,
    colorError: colours.red,
    colorErrorText: colours.red,
    colorWarning: colours.amber,
    colorSuccess: colours.green,
    colorText: colours.text,
    colorTextSecondary: colours.textSoft,
    colorTextTertiary: colours.textSoft,
    colorTextQuaternary: colours.textSoft,
    colorBgLayout: colours.ground,
    colorBgContainer: colours.surface,
    colorBgElevated: colours.surface,
    colorBorder: colours.lineStrong,
    colorBorderSecondary: colours.line,
  };
  return {
    algorithm: (seed, map) => ({ ...base(seed, map), ...own }),
    token: {
      fontFamily: fonts.text,
      fontSize: sizes.body,
      borderRadius: sizes.radius,
      colorTextPlaceholder: colours.textSoft,
      motionDurationMid: "0.1s",
      motionDurationSlow: "0.15s",
    },
    components: {
      Button: { primaryColor: colours.onPrimary, dangerColor: colours.onPrimary, primaryShadow: "none", defaultShadow: "none", dangerShadow: "none" },
      Select: { optionSelectedBg: colours.primarySoft, multipleItemBg: colours.primarySoft },
      Switch: { colorTextQuaternary: colours.lineStrong, colorTextTertiary: colours.textSoft },
      Checkbox: { colorWhite: colours.onPrimary },
    },
  };
}
