/** The rail: the stages of the house that have a page. */

import {
  ApiOutlined,
  DashboardOutlined,
  NotificationOutlined,
  PieChartOutlined,
  SendOutlined,
  SettingOutlined,
  TagsOutlined,
  TeamOutlined,
} from "@ant-design/icons";
import type { ComponentType } from "react";

export interface Stage {
  id: string;
  to: string;
  icon: ComponentType;
  /** The second key of its shortcut `g …`. */
  key: string;
  /** In the bottom bar of a phone. */
  pocket?: boolean;
}

export const STAGES: Stage[] = [
  { id: "overview", to: "/", icon: DashboardOutlined, key: "o", pocket: true },
  { id: "promotions", to: "/promotions", icon: TagsOutlined, key: "p", pocket: true },
  { id: "ads", to: "/ads", icon: NotificationOutlined, key: "a", pocket: true },
  { id: "audience", to: "/audience", icon: TeamOutlined, key: "u", pocket: true },
  { id: "data", to: "/data", icon: PieChartOutlined, key: "d" },
  { id: "reach", to: "/reach", icon: SendOutlined, key: "r" },
  { id: "operations", to: "/operations", icon: ApiOutlined, key: "s" },
  { id: "settings", to: "/settings", icon: SettingOutlined, key: "," },
];

