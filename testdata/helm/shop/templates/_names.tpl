{{- define "shop.labels" -}}
app: shop
release: {{ .Release.Name }}
{{- end -}}
