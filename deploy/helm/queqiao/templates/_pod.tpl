{{/* Every pod: no root, no token of the cluster's, time to end. */}}
{{- define "queqiao.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 90
securityContext:
  runAsNonRoot: true
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Every container: nothing that it may write but its volumes. */}}
{{- define "queqiao.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end }}

{{- define "queqiao.labels" -}}
app.kubernetes.io/part-of: queqiao
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .name }}
{{- end }}

{{- define "queqiao.passwords" -}}
{{- range $name := list "queqiao" "postgresql" }}
{{ $name }}: {{ required (printf "passwords.%s: give one of 16 letters and digits or more" $name) (index $.Values.passwords $name) | b64enc }}
{{- end }}
{{- with .Values.backup.clickhouse }}
{{- if .url }}
backup-key: {{ required "backup.clickhouse.key: give the object store's" .key | b64enc }}
backup-secret: {{ required "backup.clickhouse.secret: give the object store's" .secret | b64enc }}
{{- end }}
{{- end }}
{{- end }}

{{/* One replica by its name: the loader asks the server that it writes to. */}}
{{- define "queqiao.warehouse" -}}
{{- if .Values.urls.warehouse -}}
{{- tpl .Values.urls.warehouse . -}}
{{- else if .Values.engines.clickhouse.enabled -}}
clickhouse://queqiao:{{ .Values.passwords.queqiao }}@clickhouse-0.clickhouse:8123/queqiao
{{- else -}}
chdb:warehouse
{{- end -}}
{{- end }}
