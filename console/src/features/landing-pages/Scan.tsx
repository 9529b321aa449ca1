import { QrcodeOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { QRCode } from "antd";
import { useTranslation } from "react-i18next";
import { linkToDraft } from "@/api/landing-link";
import { Popup } from "@/components/Popup";
import { Loaded } from "@/components/states";
import { instantText, parseInstant } from "@/lib/time";

const HOURS = 24;

interface Props {
  id: string;
  /** The public path of a page that is live; a draft gets a link of its own. */
  path: string | null;
}

/** Scan to see it on a phone: the live page, or the newest draft by a link that expires. */
export function Scan({ id, path }: Props) {
  const { t } = useTranslation();
  return (
    <Popup label={t("landing.scan")} icon={<><QrcodeOutlined /> {t("landing.scan")}</>}>
      {() => (path ? <Code path={path} note={t("landing.scanLive")} /> : <DraftCode id={id} />)}
    </Popup>
  );
}

function DraftCode({ id }: { id: string }) {
  const { t } = useTranslation();
  const link = useQuery({ queryKey: ["landing-link", id], queryFn: () => linkToDraft(id, HOURS), staleTime: 3_600_000 });
  return <Loaded query={link}>{(made) => <Code path={made.path} note={t("landing.scanUntil", { time: instantText(parseInstant(made.expires_at) ?? 0).slice(0, 16) })} />}</Loaded>;
}

/** Dark on light whatever the console's colours: cameras read it so. */
function Code({ path, note }: { path: string; note: string }) {
  const { t } = useTranslation();
  const url = new URL(path, location.origin).href;
  return (
    <div className="scan">
      <div role="img" aria-label={t("landing.scanCode")}>
        <QRCode type="svg" value={url} size={180} color="black" bgColor="white" />
      </div>
      <a href={url} target="_blank" rel="noreferrer">
        {t("landing.open")}
      </a>
      <p className="note">{note}</p>
    </div>
  );
}
