{{/* The release's name, followed by the chart's unless it contains that. */}}
{{- define "redisproxy.name" -}}
{{- if contains "redisproxy" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-redisproxy" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "redisproxy.selector" -}}
app.kubernetes.io/name: redisproxy
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "redisproxy.labels" -}}
{{ include "redisproxy.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "redisproxy.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* Of the admin surface. */}}
{{- define "redisproxy.scheme" -}}
{{ if dig "admin" "tls" "" .Values.settings }}HTTPS{{ else }}HTTP{{ end }}
{{- end -}}

{{/* proxy.json: generated from the values, overridden by the settings. */}}
{{- define "redisproxy.configuration" -}}
{{- if not .Values.sentinels -}}
{{- fail "sentinels: name at least one Sentinel, for example --set sentinels={redis-sentinel-0.redis-sentinel:26379}" -}}
{{- end -}}
{{- $listener := dict "bind" (printf "0.0.0.0:%d" (int .Values.ports.redis)) "master" .Values.master -}}
{{- $listeners := list $listener -}}
{{- range .Values.extraListeners -}}
{{- $extra := dict "name" .name "bind" (printf "0.0.0.0:%d" (int .port)) "master" $.Values.master -}}
{{- $listeners = append $listeners (mustMergeOverwrite $extra (deepCopy (.settings | default dict))) -}}
{{- end -}}
{{- $shutdown := dict "minDelay" (printf "%ds" (int .Values.shutdown.minDelaySeconds)) -}}
{{- $_ := set $shutdown "drainTimeout" (printf "%ds" (int .Values.shutdown.drainTimeoutSeconds)) -}}
{{- $base := dict "listeners" $listeners "shutdown" $shutdown -}}
{{- $_ := set $base "sentinel" (dict "endpoints" .Values.sentinels) -}}
{{- $_ := set $base "admin" (dict "bind" (printf "0.0.0.0:%d" (int .Values.ports.admin))) -}}
{{- mustMergeOverwrite $base (deepCopy .Values.settings) | toPrettyJson -}}
{{- end -}}
