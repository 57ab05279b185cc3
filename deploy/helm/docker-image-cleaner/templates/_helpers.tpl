{{- define "cleaner.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* 52: a DaemonSet's pods get "-xxxxx" behind it, and the hook's Job a suffix too; both have to stay within 63. */}}
{{- define "cleaner.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- $name := include "cleaner.name" . }}
{{- ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* Objects outside the release's namespace carry it in their name, so that two releases of one name can live together. */}}
{{- define "cleaner.clusterName" -}}
{{- printf "%s.%s" (include "cleaner.fullname" .) .Release.Namespace }}
{{- end }}

{{- define "cleaner.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "cleaner.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "cleaner.hookName" -}}
{{- printf "%s-uninstall" (include "cleaner.fullname" .) }}
{{- end }}

{{/* The ConfigMap with the patterns of KEEP_FILE; empty: none. */}}
{{- define "cleaner.keepFileName" -}}
{{- if .Values.keepFile.configMap.name }}{{ .Values.keepFile.configMap.name }}
{{- else if .Values.keepFile.patterns }}{{ printf "%s-keep" (include "cleaner.fullname" .) }}
{{- end }}
{{- end }}

{{- define "cleaner.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cleaner.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cleaner.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{ include "cleaner.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* "true" when the program talks to Kubernetes, else empty. */}}
{{- define "cleaner.cordons" -}}
{{- if ne .Values.cleaner.cordonMode "none" }}true{{ end }}
{{- end }}

{{/* "true" when the admission policy is to be there, else empty. */}}
{{- define "cleaner.hasAdmissionPolicy" -}}
{{- $api := "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy" }}
{{- $wanted := toString .Values.admissionPolicy.enabled }}
{{- if and (include "cleaner.cordons" .) (or (eq $wanted "true") (and (eq $wanted "auto") (.Capabilities.APIVersions.Has $api))) }}true{{ end }}
{{- end }}

{{- define "cleaner.image" -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{/*
One setting as text. YAML's numbers arrive as floating point, which prints 40e9 as 4e+10 and 2592000 as 2.592e+06: whole
numbers are written out instead. Lists are joined with commas.
*/}}
{{- define "cleaner.settingText" -}}
{{- if kindIs "float64" . }}
{{- if eq (floor .) . }}{{ printf "%.0f" . }}{{ else }}{{ toString . }}{{ end }}
{{- else if kindIs "slice" . }}
{{- join "," . }}
{{- else }}
{{- toString . }}
{{- end }}
{{- end }}

{{/*
Where no low threshold is given: 5 below the high one. Not in absolute mode, where nobody knows the size of the disk, and
not with a soft threshold, which must not be below the low one.
*/}}
{{- define "cleaner.defaultLow" -}}
{{- with .Values.cleaner }}
{{- if and (kindIs "invalid" .thresholdLow) (kindIs "invalid" .softThreshold) (eq .thresholdType "relative") }}
{{- $high := toString .thresholdHigh | trim | trimSuffix "%" | trim | float64 }}
{{- if gt $high 5.0 }}{{ include "cleaner.settingText" (subf $high 5.0) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/*
The engine's values with their defaults. `found` is "true" where the program finds the runtime itself: nobody says which it is, or
only where its images are.
*/}}
{{- define "cleaner.engine" -}}
{{- with .Values.engine }}
{{- $runtime := .runtime }}
{{- if and (eq $runtime "auto") .socketName }}{{ $runtime = "docker" }}{{ end }}
{{- $data := dict "auto" "/var/lib" "docker" "/var/lib/docker" "cri" "/var/lib/containerd" }}
{{- $run := dict "auto" "/run" "docker" "/run" "cri" "/run/containerd" }}
{{- $socket := dict "auto" "" "docker" "docker.sock" "cri" "containerd.sock" }}
{{- $hostDataDir := .hostDataDir | default (get $data $runtime) }}
{{- dict
  "runtime" $runtime
  "found" (eq $runtime "auto" | toString)
  "isPathKnown" (or (ne $runtime "auto") (not (empty .hostDataDir)) | toString)
  "hostDataDir" $hostDataDir
  "dataDir" (.dataDir | default $hostDataDir)
  "hostSocketDir" (.hostSocketDir | default (get $run $runtime))
  "socketName" (.socketName | default (get $socket $runtime))
  | toYaml }}
{{- end }}
{{- end }}

{{- define "cleaner.env" -}}
{{- $engine := include "cleaner.engine" . | fromYaml }}
{{- if eq $engine.found "true" }}
- name: DOCKER_IMAGE_CLEANER_HOST_RUN
  value: /host/run
{{- else if eq $engine.runtime "cri" }}
- name: DOCKER_IMAGE_CLEANER_RUNTIME
  value: cri
- name: DOCKER_IMAGE_CLEANER_RUNTIME_ENDPOINT
  value: {{ printf "unix:///host/run/%s" $engine.socketName | quote }}
{{- else }}
- name: DOCKER_HOST
  value: {{ printf "unix:///host/run/%s" $engine.socketName | quote }}
{{- end }}
{{- if eq $engine.isPathKnown "true" }}
- name: DOCKER_IMAGE_CLEANER_PATH_TO_CHECK
  value: {{ $engine.dataDir | quote }}
{{- end }}
{{- if include "cleaner.cordons" . }}
- name: DOCKER_IMAGE_CLEANER_NODE_NAME
  valueFrom:
    fieldRef:
      fieldPath: spec.nodeName
- name: POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: POD_NAMESPACE
  valueFrom:
    fieldRef:
      fieldPath: metadata.namespace
{{- end }}
{{- with include "cleaner.defaultLow" . }}
- name: DOCKER_IMAGE_CLEANER_THRESHOLD_LOW
  value: {{ . | quote }}
{{- end }}
{{- range $key, $value := .Values.cleaner }}
{{- if not (or (kindIs "invalid" $value) (and (kindIs "slice" $value) (empty $value))) }}
- name: DOCKER_IMAGE_CLEANER_{{ snakecase $key | upper }}
  value: {{ include "cleaner.settingText" $value | quote }}
{{- end }}
{{- end }}
{{- if .Values.state.enabled }}
- name: DOCKER_IMAGE_CLEANER_STATE_FILE
  value: /state/state.json
{{- end }}
{{- with .Values.notify }}
{{- if .urlSecret.name }}
- name: DOCKER_IMAGE_CLEANER_NOTIFY_URL
  valueFrom:
    secretKeyRef:
      name: {{ .urlSecret.name | quote }}
      key: {{ .urlSecret.key | quote }}
- name: DOCKER_IMAGE_CLEANER_NOTIFY_FORMAT
  value: {{ .format | quote }}
{{- end }}
{{- end }}
{{- if include "cleaner.keepFileName" . }}
- name: DOCKER_IMAGE_CLEANER_KEEP_FILE
  value: /keep/patterns
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "cleaner.podAnnotations" -}}
{{- $scrape := dict }}
{{- if .Values.metrics.scrapeAnnotations }}
{{- include "cleaner.needsHttp" (list . "metrics.scrapeAnnotations") }}
{{- $scrape = dict "prometheus.io/scrape" "true" "prometheus.io/port" (toString .Values.http.port) "prometheus.io/path" "/metrics" }}
{{- end }}
{{- toYaml (merge (deepCopy .Values.podAnnotations) $scrape) }}
{{- end }}

{{/* "true" when there is something to scrape through: from every pod of the cluster, unless networkPolicy.from says more. */}}
{{- define "cleaner.isScraped" -}}
{{- with .Values.metrics }}
{{- if or .scrapeAnnotations .podMonitor.enabled .serviceMonitor.enabled .service.enabled }}true{{ end }}
{{- end }}
{{- end }}

{{/* The token that a monitor sends, where one is asked for. */}}
{{- define "cleaner.scrapeAuthorization" -}}
{{- with .Values.http.tokenSecret }}
{{- if .name -}}
authorization:
  credentials:
    name: {{ .name | quote }}
    key: {{ .key | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Fails where a value asks for metrics that nobody serves. */}}
{{- define "cleaner.needsHttp" -}}
{{- if not (index . 0).Values.http.enabled }}{{ fail (printf "%s needs http.enabled" (index . 1)) }}{{ end }}
{{- end }}

{{/* Read-only, with everything mounted further down where Kubernetes can do that: it refuses it together with propagation. */}}
{{- define "cleaner.readOnlyMount" -}}
{{- $root := index . 0 }}
{{- $propagation := index . 1 -}}
readOnly: true
mountPropagation: {{ $propagation }}
{{- if and (eq $propagation "None") (semverCompare ">=1.31-0" $root.Capabilities.KubeVersion.Version) }}
recursiveReadOnly: IfPossible
{{- end }}
{{- end }}

{{- define "cleaner.volumeMounts" -}}
{{- $engine := include "cleaner.engine" . | fromYaml }}
- name: data
  mountPath: {{ $engine.dataDir | quote }}
  {{- include "cleaner.readOnlyMount" (list . .Values.engine.mountPropagation) | nindent 2 }}
# Connecting to a socket is not a write to its directory. Not over /var/run, where the token is mounted.
- name: engine-socket
  {{- if eq .Values.engine.socketMount "file" }}
  mountPath: {{ printf "/host/run/%s" $engine.socketName | quote }}
  readOnly: true
  {{- else }}
  mountPath: /host/run
  {{- include "cleaner.readOnlyMount" (list . (default .Values.engine.mountPropagation .Values.engine.socketMountPropagation)) | nindent 2 }}
  {{- end }}
{{- if .Values.state.enabled }}
- name: state
  mountPath: /state
{{- end }}
{{- if include "cleaner.keepFileName" . }}
# The directory: a mounted file would never change.
- name: keep
  mountPath: /keep
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "cleaner.volumes" -}}
{{- $engine := include "cleaner.engine" . | fromYaml }}
{{- if and (eq .Values.engine.socketMount "file") (eq $engine.found "true") }}
{{- fail "engine.socketMount: file needs engine.runtime or engine.socketName: which socket?" }}
{{- end }}
- name: data
  hostPath:
    path: {{ $engine.hostDataDir | quote }}
    type: {{ .Values.engine.hostPathType | quote }}
- name: engine-socket
  hostPath:
    {{- if eq .Values.engine.socketMount "file" }}
    path: {{ printf "%s/%s" (trimSuffix "/" $engine.hostSocketDir) $engine.socketName | quote }}
    type: Socket
    {{- else }}
    path: {{ $engine.hostSocketDir | quote }}
    type: {{ .Values.engine.hostPathType | quote }}
    {{- end }}
{{- if .Values.state.enabled }}
- name: state
  {{- if eq .Values.state.type "hostPath" }}
  hostPath:
    path: {{ .Values.state.hostPath | default (printf "/var/lib/docker-image-cleaner/%s" (include "cleaner.clusterName" .)) | quote }}
    type: DirectoryOrCreate
  {{- else }}
  emptyDir: {}
  {{- end }}
{{- end }}
{{- with include "cleaner.keepFileName" . }}
- name: keep
  configMap:
    name: {{ . | quote }}
    items:
      - key: {{ $.Values.keepFile.configMap.key | quote }}
        path: patterns
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "cleaner.containerSecurityContext" -}}
{{- $add := default list .Values.capabilities }}
{{- if eq .Values.cleaner.thresholdType "absolute" }}
{{- $add = append $add "DAC_READ_SEARCH" | uniq }}
{{- end -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
  {{- with $add }}
  add: {{ toJson . }}
  {{- end }}
{{- end }}

{{/* Always: a pod that is restarted while its node has our own taint must run there, to remove it. */}}
{{- define "cleaner.tolerations" -}}
{{- if .Values.tolerateEverything }}
- operator: Exists
{{- else }}
- key: docker-image-cleaner.jupyter.org/cleaning
  operator: Exists
  effect: NoSchedule
{{- with .Values.tolerations }}
{{ toYaml . }}
{{- end }}
{{- end }}
{{- end }}

{{/* The names of the Leases, one a slot; the program makes them. */}}
{{- define "cleaner.leaseNames" -}}
{{- $names := list }}
{{- range $slot := until (int .Values.cleaner.maxCordonedNodes) }}
{{- $names = append $names (printf "docker-image-cleaner-slot-%d" $slot) }}
{{- end }}
{{- toJson $names }}
{{- end }}
