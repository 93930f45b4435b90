{{- define "lkard.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "lkard.instanceLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "lkard.selectorLabels" -}}
{{ include "lkard.instanceLabels" . }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "lkard.commonLabels" -}}
{{ include "lkard.instanceLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (.Chart.Version | replace "+" "_") }}
{{- end -}}

{{- define "lkard.labels" -}}
{{ include "lkard.commonLabels" . }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "lkard.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* The Secret that holds what signs: keys, or the AES key that seals them. */}}
{{- define "lkard.signingSecret" -}}
{{- .Values.signing.existingSecret | default (printf "%s-signing" (include "lkard.fullname" .)) -}}
{{- end -}}

{{/* Names of the key files, as JSON. Keys are global on Alpine systems, so the name of one that the chart makes says whose it is. */}}
{{- define "lkard.keyFiles" -}}
{{- .Values.signing.files | default (list (printf "%s-%s.rsa" .Release.Namespace (include "lkard.fullname" .))) | toJson -}}
{{- end -}}

{{/* Flags that gateway and sidecar share. */}}
{{- define "lkard.args" -}}
- --backend={{ required "registry.host must name the registry that keeps the packages" .Values.registry.host }}
{{- if .Values.registry.plainHttp }}
- --no-https
{{- end }}
{{- if .Values.registry.caConfigMap }}
- --client-ca=/etc/lkard/ca/ca.crt
{{- end }}
{{- if .Values.registry.pullSecret }}
- --registry-auth-file=/etc/lkard/registry/config.json
{{- end }}
{{- if eq .Values.signing.mode "files" }}
{{- range include "lkard.keyFiles" . | fromJsonArray }}
- --signing-key=/etc/lkard/signing/{{ . }}
{{- end }}
{{- else }}
- --aes-key=/etc/lkard/signing/{{ .Values.signing.aesKeyName }}
{{- end }}
- --temp-dir=/tmp
- --max-package-size={{ .Values.maxPackageSize }}
- --max-uploads={{ .Values.maxUploads }}
- --log-level={{ .Values.log.level }}
- --log-format=json
{{- end -}}

{{- define "lkard.volumeMounts" -}}
- name: tmp
  mountPath: /tmp
- name: signing
  mountPath: /etc/lkard/signing
  readOnly: true
{{- if .Values.registry.pullSecret }}
- name: registry
  mountPath: /etc/lkard/registry
  readOnly: true
{{- end }}
{{- if .Values.registry.caConfigMap }}
- name: ca
  mountPath: /etc/lkard/ca
  readOnly: true
{{- end }}
{{- end -}}

{{/* A private key is for the gateway's user alone; the group is what Kubernetes gives it by (fsGroup). */}}
{{- define "lkard.volumes" -}}
- name: tmp
  {{- toYaml .Values.tmpVolume | nindent 2 }}
- name: signing
  secret:
    secretName: {{ include "lkard.signingSecret" . }}
    defaultMode: 0440
{{- with .Values.registry.pullSecret }}
- name: registry
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - key: .dockerconfigjson
        path: config.json
{{- end }}
{{- with .Values.registry.caConfigMap }}
- name: ca
  configMap:
    name: {{ . }}
{{- end }}
{{- end -}}

{{- define "lkard.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "lkard.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end -}}
